package nsys

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// trtPrefill is a step as TensorRT-LLM names it.
const trtPrefill = "[Executor] _forward_step 7: 1 ctx reqs, 0 gen reqs"

// schema is the documented schema of an export (3.2x), of the tables that are read,
// with the columns around those that are.
var schema = map[string]string{
	"StringIds":                      "id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL",
	"META_DATA_EXPORT":               "name TEXT NOT NULL, value TEXT",
	"TARGET_INFO_SESSION_START_TIME": "utcEpochNs INTEGER, utcTime TEXT, localTime TEXT",
	"TARGET_INFO_SYSTEM_ENV": "globalVid INTEGER, devStateName TEXT NOT NULL, name TEXT NOT NULL, nameEnum INTEGER NOT " +
		"NULL, value TEXT NOT NULL",
	"TARGET_INFO_GPU": "vmId INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT, busLocation TEXT, isDiscrete " +
		"INTEGER, l2CacheSize INTEGER, totalMemory INTEGER, memoryBandwidth INTEGER, clockRate INTEGER, smCount INTEGER, pwGpuId " +
		"INTEGER, uuid TEXT, luid INTEGER, chipName TEXT, cuDevice INTEGER, computeMajor INTEGER, computeMinor INTEGER",
	"TARGET_INFO_CUDA_DEVICE": "gpuId INTEGER, cudaId INTEGER NOT NULL, pid INTEGER NOT NULL, uuid TEXT, numMultiprocessors INTEGER",
	"CUPTI_ACTIVITY_KIND_KERNEL": "start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER " +
		"NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, demangledName " +
		"INTEGER NOT NULL, shortName INTEGER NOT NULL, mangledName INTEGER, launchType INTEGER, registersPerThread INTEGER NOT " +
		"NULL, gridX INTEGER NOT NULL, gridY INTEGER NOT NULL, gridZ INTEGER NOT NULL, blockX INTEGER NOT NULL, blockY INTEGER NOT " +
		"NULL, blockZ INTEGER NOT NULL, graphNodeId INTEGER",
	"CUPTI_ACTIVITY_KIND_MEMCPY": "start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER " +
		"NOT NULL, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, bytes INTEGER NOT NULL, copyKind INTEGER " +
		"NOT NULL",
	"CUPTI_ACTIVITY_KIND_MEMSET": "start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER " +
		"NOT NULL, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, value INTEGER NOT NULL, bytes INTEGER NOT NULL",
	"CUPTI_ACTIVITY_KIND_GRAPH_TRACE": "start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER " +
		"NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, graphId INTEGER " +
		"NOT NULL, graphExecId INTEGER NOT NULL",
	"CUPTI_ACTIVITY_KIND_RUNTIME": "start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL, globalTid " +
		"INTEGER, correlationId INTEGER, nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL",
	"NVTX_EVENTS": "start INTEGER NOT NULL, end INTEGER, eventType INTEGER NOT NULL, rangeId INTEGER, category " +
		"INTEGER, color INTEGER, text TEXT, globalTid INTEGER, endGlobalTid INTEGER, textId INTEGER, domainId INTEGER",
	"GPU_METRICS": "rawTimestamp INTEGER, timestamp INTEGER, typeId INTEGER NOT NULL, metricId INTEGER NOT " +
		"NULL, value INTEGER NOT NULL",
	"TARGET_INFO_GPU_METRICS": "typeId INTEGER NOT NULL, sourceId INTEGER NOT NULL, typeName TEXT NOT NULL, metricId " +
		"INTEGER NOT NULL, metricName TEXT NOT NULL",
	"DIAGNOSTIC_EVENT": "timestamp INTEGER NOT NULL, timestampType INTEGER NOT NULL, source INTEGER NOT NULL, " +
		"severity INTEGER NOT NULL, text TEXT NOT NULL, globalPid INTEGER",
	"ENUM_DIAGNOSTIC_SEVERITY_LEVEL": "id INTEGER NOT NULL PRIMARY KEY, name TEXT, label TEXT",
}

// rows are insertions: "column=value column=value" of a table; a value is SQL.
type rows map[string][]string

// writeExport writes an SQLite file with these rows. A table without rows is not made, as
// nsys makes tables lazily.
func writeExport(t testing.TB, name string, r rows) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	conn, err := sqlite3.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(sql string) {
		if err := conn.Exec(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run("BEGIN")
	for table, list := range r {
		columns := schema[table]
		if columns == "" {
			t.Fatalf("no table %s in the schema", table)
		}
		run("CREATE TABLE " + table + " (" + strings.ReplaceAll(strings.ReplaceAll(columns, "end INTEGER", `"end" INTEGER`),
			" NOT NULL,", ",") + ")")
		for _, row := range list {
			run(insert(table, row))
		}
	}
	run("COMMIT")
	return path
}

// insert makes SQL of "column=value|column=value".
func insert(table, row string) string {
	var cols, values []string
	for _, pair := range strings.Split(row, "|") {
		c, v, _ := strings.Cut(pair, "=")
		cols, values = append(cols, quote(c)), append(values, v)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(cols, ", "), strings.Join(values, ", "))
}

// Global ids of two worker processes, of their first threads.
const (
	workerA = 1<<48 | 4242<<24
	workerB = 1<<48 | 4343<<24
)

// epoch is when the captures of the tests start.
const epoch = 1_784_597_271_426_118_694

// kernelRow is a kernel of a worker's device 0.
func kernelRow(worker, start, end, corr, name int) string {
	return fmt.Sprintf("start=%d|end=%d|deviceId=0|contextId=1|streamId=7|correlationId=%d|globalPid=%d|demangledName=%d|shortName=%d|registersPerThread=64|gridX=216|gridY=1|gridZ=1|blockX=256|blockY=1|blockZ=1",
		start, end, corr, worker, name, name+100)
}

// twoWorkers is an export of a run with two ranks: each process calls its GPU 0, and
// they are GPUs 1 and 0 of the node.
func twoWorkers() rows {
	return rows{
		"META_DATA_EXPORT":               {"name='EXPORT_SCHEMA_VERSION'|value='3.28.1'"},
		"TARGET_INFO_SESSION_START_TIME": {fmt.Sprintf("utcEpochNs=%d|utcTime='x'|localTime='y'", int64(epoch))},
		"TARGET_INFO_SYSTEM_ENV": {
			"devStateName='a'|name='Hostname'|nameEnum=1|value='nid001234'",
			"devStateName='a'|name='Token'|nameEnum=2|value='secret'",
		},
		"TARGET_INFO_GPU": {
			"vmId=1|id=0|name='NVIDIA A100-SXM4-40GB'|totalMemory=42949672960|smCount=108|computeMajor=8|computeMinor=0",
			"vmId=1|id=1|name='NVIDIA A100-SXM4-40GB'|totalMemory=42949672960|smCount=108|computeMajor=8|computeMinor=0",
		},
		"TARGET_INFO_CUDA_DEVICE": {"gpuId=1|cudaId=0|pid=4242", "gpuId=0|cudaId=0|pid=4343"},
		"StringIds": {
			"id=1|value='ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)'",
			"id=2|value='void gemm<int>(float *)'", "id=102|value='gemm'", "id=3|value='decode'",
		},
		kernelTable: {
			kernelRow(workerA, 1000, 3000, 11, 2), kernelRow(workerA, 3500, 4500, 12, 1),
			kernelRow(workerB, 1100, 3100, 11, 2), kernelRow(workerB, 3600, 4500, 12, 1),
		},
		memcpyTable: {fmt.Sprintf("start=500|end=600|deviceId=0|contextId=1|streamId=7|correlationId=9|globalPid=%d|bytes=64|copyKind=1", workerA)},
		memsetTable: {fmt.Sprintf("start=700|end=710|deviceId=0|contextId=1|streamId=7|correlationId=10|globalPid=%d|value=0|bytes=64", workerB)},
		nvtxTable: {
			fmt.Sprintf("start=100|end=900|eventType=59|text='%s'|globalTid=%d", trtPrefill, workerA+4242),
			fmt.Sprintf("start=900|end=2000|eventType=59|textId=3|globalTid=%d", workerA+4242),
			fmt.Sprintf("start=950|eventType=34|text='decode mark'|globalTid=%d", workerA+4242),
			fmt.Sprintf("start=960|end=970|eventType=59|text='somebody else'|globalTid=%d", workerA+4242),
		},
		runtimeTable: {
			fmt.Sprintf("start=200|end=210|eventClass=0|globalTid=%d|correlationId=11|nameId=1|returnValue=0", workerA+4242),
			fmt.Sprintf("start=950|end=960|eventClass=0|globalTid=%d|correlationId=12|nameId=1|returnValue=0", workerA+4242),
			fmt.Sprintf("start=300|end=310|eventClass=0|globalTid=%d|correlationId=11|nameId=1|returnValue=0", workerB+4343),
		},
		"TARGET_INFO_GPU_METRICS": {
			"typeId=281474976710656|sourceId=1|typeName='g'|metricId=4|metricName='SMs Active [Throughput %]'",
			"typeId=281474976710657|sourceId=1|typeName='g'|metricId=4|metricName='SMs Active [Throughput %]'",
			"typeId=281474976710656|sourceId=1|typeName='g'|metricId=5|metricName='SM Issue [Throughput %]'",
		},
		"GPU_METRICS": {
			"timestamp=2000|typeId=281474976710656|metricId=4|value=80", "timestamp=1000|typeId=281474976710656|metricId=4|value=60",
			"timestamp=1000|typeId=281474976710656|metricId=5|value=11", "timestamp=1000|typeId=281474976710657|metricId=4|value=90",
		},
	}
}
