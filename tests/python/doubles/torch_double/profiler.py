import json


class ExecutionTraceObserver:
    def register_callback(self, path):
        self.path = path

    def start(self):
        pass

    def stop(self):
        pass

    def unregister_callback(self):
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump({"schema": "1.1.1-chakra.0.0.4", "nodes": [], "finish_ts": 1}, f)
