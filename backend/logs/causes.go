package logs

import (
	"regexp"

	"shardeck/model"
)

// Names that proving lines hold.
var (
	modelName  = regexp.MustCompile(`(?:huggingface\.co/|repo for url: https://huggingface\.co/|model |repo |for |load |config of |OSError: |')(?:api/models/|models/)?'?(?P<model>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)`)
	loadName   = regexp.MustCompile(`(?:unknown: "|cannot load module )(?P<name>[\w./+-]+)`)
	moduleName = regexp.MustCompile(`No module named '?(?P<module>[\w]+)`)
	envName    = regexp.MustCompile(`(?:environment: |environment named '?|env: )(?P<env>[\w./-]+)`)
	fileName   = regexp.MustCompile(`(?:['" ]|^)(?P<file>\.{0,2}/[^\s'":]+)`)
)

// The host's memory ends jobs in three ways: Slurm says so of the job, only of a
// step of it, or nobody does and a process is just gone.
const hostMemory = "the host ran out of memory and killed the job"

var (
	oomKills   = []string{"oom-kill event", "oom_kill event", "OOM Killed", "Memory cgroup out of memory"}
	lessMemory = []string{
		"lower profiling.trace_tokens or trace_iterations: traces are held in host memory until they are written",
		"use whole nodes (slurm.qos: regular): a shared job has 55 to 64 GB for each GPU",
	}
)

// endedFromOutside are ends that came from outside the program; what the program printed
// afterwards is not their cause.
var endedFromOutside = []cause{
	{
		title: "the job ran into its time limit", states: []model.JobState{model.JobTimeout},
		holds: []string{"DUE TO TIME LIMIT"},
		fixes: []string{"raise slurm.time (debug allows 30 min, regular 48 h)", "lower profile_iterations, or profiling.trace_tokens if it was writing traces"},
	},
	{
		title: "the job was preempted by one of higher priority", states: []model.JobState{model.JobPreempted},
		holds: []string{"DUE TO PREEMPTION"},
		fixes: []string{"submit it again", "use slurm.qos regular, which is not preempted"},
	},
	{
		title: "a node failed", states: []model.JobState{model.JobNodeFail},
		holds: []string{"DUE TO NODE FAILURE"},
		fixes: []string{"submit it again: this is no fault of yours, and is not charged"},
	},
	{
		title: "the job was cancelled", states: []model.JobState{model.JobCancelled},
		holds: []string{"CANCELLED AT"},
		fixes: []string{"submit it again if that was not meant"},
	},
	{
		title: hostMemory, states: []model.JobState{model.JobOutOfMemory},
		holds: oomKills,
		fixes: lessMemory,
	},
	{
		title: "its time limit was near, and it was stopped to write what it had",
		holds: []string{"shardeck: the time limit is near"},
		fixes: []string{"raise slurm.time (debug allows 30 min, regular 48 h)", "lower profile_iterations, or profiling.trace_tokens if it was writing traces"},
	},
}

// failures are ways in which the program itself fails; one that brings others about
// comes before them (a rank out of memory makes the other ranks' NCCL time out).
var failures = []cause{
	{title: hostMemory, holds: oomKills, fixes: lessMemory},
	{
		title: "the software environment does not exist",
		holds: []string{"EnvironmentNameNotFound", "EnvironmentLocationNotFound", "Could not find conda environment", "Your shell has not been properly configured to use 'conda", "conda: command not found",
			"bin/activate: No such file"},
		pattern: envName,
		fixes:   []string{"see which there are: conda env list", "make it: conda create -n {env} python=3.12 && conda activate {env} && pip install vllm", "say it in shardeck.yaml: runtime: {kind: conda, name: …}"},
	},
	{
		title:   "a module is not known on this system",
		holds:   []string{"The following module(s) are unknown", "Unable to locate a modulefile"},
		pattern: loadName,
		fixes:   []string{"look for its present name: module spider {name}", "correct runtime in shardeck.yaml"},
	},
	{
		title: "vLLM is not installed in the job's environment",
		holds: []string{"No module named 'vllm'", "No module named vllm", "vLLM is not installed in this environment"},
		fixes: []string{"pip install vllm (in that environment)", "say which environment in shardeck.yaml: runtime: {kind: conda, name: vllm-profiling}"},
	},
	{
		title: "vLLM is too old for this runner",
		holds: []string{"is too old: the runner needs"},
		fixes: []string{"pip install --upgrade vllm (in the job's environment)"},
	},
	{
		title: "vLLM is installed, and does not import",
		holds: []string{"vLLM does not import:"},
		fixes: []string{"pip install --force-reinstall vllm, which brings the PyTorch and CUDA it was built for", "module unload cudatoolkit, whose libraries can hide those of pip"},
	},
	{
		title:   "a Python module is not installed in the job's environment",
		holds:   []string{"No module named "},
		pattern: moduleName,
		fixes:   []string{"pip install {module} (in that environment)"},
	},
	{
		title: "the NVIDIA driver is too old for this CUDA",
		holds: []string{"driver on your system is too old", "CUDA driver version is insufficient", "forward compatibility was attempted on non supported HW", "libcudart.so.13", "unsupported toolchain"},
		fixes: []string{"install the build for the driver's CUDA: pip install vllm --extra-index-url https://download.pytorch.org/whl/cu129", "compare with: nvidia-smi | grep CUDA"},
	},
	{
		title: "the CUDA code was not built for this GPU, or for this PyTorch",
		holds: []string{"no kernel image is available for execution", "undefined symbol"},
		fixes: []string{"install vLLM and the PyTorch it was built for together: pip install --force-reinstall vllm", "module unload cudatoolkit, whose libraries can hide those of pip"},
	},
	{
		title: "the job sees no GPU",
		holds: []string{"No CUDA GPUs are available", "Found no NVIDIA driver", "Failed to infer device type", "no CUDA-capable device is detected", "NVIDIA-SMI has failed"},
		fixes: []string{"ask for GPUs: slurm.constraint gpu, and generate the script again", "on a machine without GPUs use engine: replay"},
	},
	{
		title:   "the model is gated: its owner asks for a licence first",
		holds:   []string{"GatedRepoError", "gated repo", "Access to model", "401 Client Error", "403 Client Error"},
		pattern: modelName,
		fixes:   []string{"accept the licence on https://huggingface.co/{model}", "huggingface-cli login", "huggingface-cli download {model}"},
	},
	{
		title:   "the model is not in the hub cache, and the job cannot download it",
		holds:   []string{"RepositoryNotFoundError", "LocalEntryNotFoundError", "is not a local folder and is not a valid model identifier", "couldn't connect to 'https://huggingface.co'", "outgoing traffic has been disabled", "OfflineModeIsEnabled", "Cannot find an appropriate cached snapshot folder"},
		pattern: modelName,
		fixes:   []string{"download it on a login node: huggingface-cli download {model}", "say where the cache is: hf_home in shardeck.yaml, such as $SCRATCH/huggingface", "or use model.weights: dummy"},
	},
	{
		title: "CUDA out of memory",
		holds: []string{"CUDA out of memory", "CUDA error: out of memory", "cudaErrorMemoryAllocation", "torch.OutOfMemoryError", "torch.cuda.OutOfMemoryError"},
		fixes: []string{"raise parallelism.tp, so that each GPU holds less", "take GPUs of 80 GB: slurm.constraint gpu&hbm80g", "lower data.batch_size or data.seq_len", "lower vllm.gpu_memory_utilization if it failed while capturing graphs"},
	},
	{
		title: "the KV cache does not fit on the GPU",
		holds: []string{"No available memory for the cache blocks", "larger than the maximum number of tokens that can be stored in KV cache", "is larger than the available KV cache memory", "is less than desired GPU memory utilization"},
		fixes: []string{"raise parallelism.tp, so that each GPU holds less of the weights", "lower data.seq_len or data.max_tokens", "take GPUs of 80 GB: slurm.constraint gpu&hbm80g", "raise vllm.gpu_memory_utilization (0.95)"},
	},
	{
		title: "the layout does not fit the model",
		holds: []string{"must be divisible by tensor parallel size", "is not divisible by", "Pipeline parallelism is not supported for this model", "does not support expert parallelism"},
		fixes: []string{"shardeck check shows which sizes are possible"},
	},
	{
		title: "the layout needs more GPUs than the job has",
		holds: []string{"is larger than the number of available GPUs", "invalid device ordinal", "GPUs are visible on"},
		fixes: []string{"generate the script again: shardeck generate", "compare parallelism with the GPUs the script asks for"},
	},
	{
		title: "the prompt and output are longer than the model takes",
		holds: []string{"is greater than the derived max_model_len", "longer than the maximum model length"},
		fixes: []string{"lower data.seq_len or data.max_tokens"},
	},
	{
		title: "vLLM does not know an argument",
		holds: []string{"unexpected keyword argument", "unrecognized arguments"},
		fixes: []string{"remove it from vllm: in the config; its name differs between releases"},
	},
	{
		title: "the disk is full, or your quota is",
		holds: []string{"Disk quota exceeded", "No space left on device"},
		fixes: []string{"see showquota", "remove old runs below trace_collection, or move them to another file system", "lower profiling.trace_tokens"},
	},
	{
		title: "the account or QOS is not one that you may use",
		holds: []string{"Invalid account", "Invalid qos specification", "QOSMax", "AssocGrp"},
		fixes: []string{"set slurm.account to a project of yours (GPU projects end in _g) and slurm.qos to auto", "sacctmgr show assoc user=$USER format=account,qos"},
	},
	{
		title: "NCCL has not the network it was told to use: the OFI plugin is missing",
		holds: []string{"network AWS Libfabric not found", "Failed to initialize any NET plugin"},
		fixes: []string{"load it: module load nccl/2.29.2-cu13 (see module spider nccl), or use the site's container with its nccl module"},
	},
	{
		title: "a collective timed out: some rank hung or died",
		holds: []string{"Watchdog caught collective operation timeout", "watchdog got stuck", "NCCL timeout", "Timed out waiting for", "DistStoreError", "RPC call to sample_tokens timed out", "RPC call to execute_model timed out"},
		fixes: []string{"look in the log for the first rank that stopped", "with PP over several nodes use TP over them instead (vLLM issue 26318)", "set NCCL_DEBUG: INFO under env and read which network NCCL took"},
	},
	{
		title: "NCCL failed",
		holds: []string{"ncclUnhandledCudaError", "ncclSystemError", "ncclInternalError", "NCCL error"},
		fixes: []string{"set NCCL_DEBUG: INFO under env and submit again", "see that the network plugin of the site is loaded"},
	},
	{
		title: "a port is taken on the node",
		holds: []string{"Address already in use", "EADDRINUSE"},
		fixes: []string{"submit again; if it stays, set MASTER_PORT under env"},
	},
	{
		title: "a program is not installed in the job's environment",
		holds: []string{": command not found"},
		fixes: []string{"say how to enter the environment in shardeck.yaml: runtime", "module load what is missing"},
	},
	{
		title: hostMemory,
		holds: []string{"was killed by signal 9", "exit code 137", "died with <Signals.SIGKILL", "Killed"},
		fixes: lessMemory,
	},
	{
		title: "the program crashed",
		holds: []string{"Segmentation fault", "SIGSEGV", "Bus error", "SIGBUS"},
		fixes: []string{"submit again with vllm.enforce_eager: true", "see that vLLM and PyTorch fit each other: pip check"},
	},
	{
		title: "nsys left no report of what it recorded",
		holds: []string{"but could not make a report of it", "shardeck: nsys left "},
		fixes: []string{"load an nsys that has its importer beside it (target-linux-x64 and host-linux-x64)", "on another machine: QdstrmImporter -i nsys_0.qdstrm, then nsys export --type sqlite nsys_0.nsys-rep"},
	},
	{
		title:   "a file is missing",
		holds:   []string{"No such file or directory", "FileNotFoundError", "can't open file"},
		pattern: fileName,
		fixes:   []string{"see whether {file} exists on the compute node", "generate again: shardeck generate"},
	},
	{
		title: "a path may not be read or written",
		holds: []string{"Permission denied", "Read-only file system"},
		fixes: []string{"write to $SCRATCH: /global/common/software is read-only on compute nodes"},
	},
}

// exitCauses are what the runner's exit codes tell where no line of the log does.
var exitCauses = map[int]cause{
	model.ExitConfig:   {title: "the config or the command line is wrong", fixes: []string{"shardeck check", "shardeck generate"}},
	model.ExitPartial:  {title: "it was stopped before its end; what was measured is written", fixes: []string{"raise slurm.time, or lower profile_iterations"}},
	model.ExitSoftware: {title: "the engine is not installed, or too old for what is asked", fixes: []string{"shardeck check --env", "pip install --upgrade vllm (in the job's environment)"}},
	model.ExitGPUs:     {title: "no GPU, or fewer than the layout needs", fixes: []string{"generate the script again: shardeck generate"}},
	model.ExitModel:    {title: "the model is not there, or the hub does not let us have it", fixes: []string{"download it on a login node: huggingface-cli download MODEL", "say where the cache is: hf_home in shardeck.yaml"}},
	model.ExitMemory:   {title: "out of GPU memory, for weights or KV cache", fixes: []string{"raise parallelism.tp, so that each GPU holds less", "lower data.seq_len, data.max_tokens or data.batch_size"}},
	model.ExitComm:     {title: "ranks could not talk to each other", fixes: []string{"set NCCL_DEBUG: INFO under env and submit again"}},
	model.ExitWorker:   {title: "a rank died", fixes: []string{"look in the log for the first rank that stopped"}},
	model.ExitTraces:   {title: "the timing is sound, but traces are missing or incomplete", fixes: []string{"lower profiling.trace_tokens or trace_iterations"}},
}

// slowdowns are no failures, but cost much.
var slowdowns = []cause{
	{
		title: "NCCL uses TCP sockets, at a tenth of the network's speed",
		holds: []string{"Using network Socket", "NET/Socket : Using"},
		fixes: []string{"load the OFI plugin: the site's nccl module, or its container's", "set NCCL_NET: AWS Libfabric under env: NCCL then stops instead of being slow"},
	},
	{
		title: "NCCL found no network plugin",
		holds: []string{"Could not find: libnccl-net.so", "No plugin found (libnccl-net.so)"},
		fixes: []string{"load the OFI plugin: the site's nccl module; on one node it does not matter"},
	},
}
