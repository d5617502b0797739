"""The service's application for a server of another kind."""

import os

from a2wsgi import WSGIMiddleware
from src.app import load
from src.runtime.logs import configure_logs
from src.runtime.server import stay_on_one_cpu
from src.runtime.settings import read_settings

stay_on_one_cpu()
settings = read_settings(os.environ)
configure_logs(settings.log_level)
app, warm_up = load(settings)
warm_up()
# As many threads as the service's own server has.
asgi = WSGIMiddleware(app, workers=40)
