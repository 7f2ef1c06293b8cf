"""Vision-language models on a vLLM server, or on any server that speaks OpenAI's chat completions.

`server` says where it is, `client` asks it, `failures` says what its errors mean, `reader` climbs from one
attempt to the next until an answer can be used, `engine` is what the stage `understanding` holds. `metrics`
reads what the server says of itself.
"""
