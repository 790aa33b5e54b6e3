package peers

import (
	"strconv"
	"unsafe"

	"github.com/buger/jsonparser"
	"github.com/tidwall/gjson"
)

// The lazy peers look at the text of an event and make no value of it. Only of
// kernels is more read than the category.

// kernelPaths are the keys that are read of a kernel.
var kernelPaths = [][]string{{"name"}, {"pid"}, {"ts"}, {"dur"}}

// JSONParser is jsonparser.ArrayEach.
func JSONParser(doc []byte) (Work, error) {
	t := newTally()
	_, err := jsonparser.ArrayEach(doc, func(e []byte, _ jsonparser.ValueType, _ int, _ error) {
		if cat, _, _, err := jsonparser.Get(e, "cat"); err != nil || string(cat) != "kernel" {
			return
		}
		var v [4][]byte
		jsonparser.EachKey(e, func(i int, val []byte, _ jsonparser.ValueType, _ error) { v[i] = val }, kernelPaths...)
		t.add(v[0], whole(v[1]), nanos(float(v[2])), nanos(float(v[3])))
	}, "traceEvents")
	return t.work(), err
}

func float(b []byte) float64 {
	v, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	return v
}

// GJSON is gjson's ForEach and Get.
func GJSON(doc string) (Work, error) {
	t := newTally()
	gjson.Get(doc, "traceEvents").ForEach(func(_, e gjson.Result) bool {
		if e.Get("cat").Str == "kernel" {
			name := e.Get("name").Str
			t.add([]byte(name), int(e.Get("pid").Num), nanos(e.Get("ts").Num), nanos(e.Get("dur").Num))
		}
		return true
	})
	return t.work(), nil
}
