"""The runner: runs one experiment with vLLM, or with the reference engine on PyTorch alone.

    main             the command line
    contract         what shardeck reads: files, log lines, exit codes; words that all modules share
    experiment       the config, checked
    points           the experiments of a job that one engine serves: one, or several of a sweep
    turns            which of them comes next, and which need not be measured: shardeck says so between them
    rendezvous       the nodes of a job, and where their processes meet
    supervisor       starts the child processes of a node, pass by pass, and ends the run; with
                     processes, causes (from lines of a log), results (timing_stats and run.json),
                     outcome (how a point ended)
    child            one process: a replica of vLLM in one pass, or a rank of the reference engine
    passes           warm-up, timed pass, traced pass: the same for both engines; with prompts, models,
                     traces, file_messages, files, signals; environment: where all this runs
    energy           counters of GPUs around the timed iterations; experts: which of them tokens took
    vllm_engine      with vllm_arguments, vllm_batch, and vllm_worker inside vLLM's workers
    serving          a server of vLLM under load, instead: driven by `vllm bench serve`
    torch_engine     with torch_world, torch_model, torch_layers; torch_calibration: the machine's laws

models.json holds the shapes of models: `shardeck generate` writes it from models.yaml.
It needs nothing but Python 3.9 and what the engine brings. What a vLLM release can do is found by
looking (fields of EngineArgs, entries of vllm.envs), never by comparing version numbers.
"""
