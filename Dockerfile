# One image for web, worker and beat; compose.yaml says which is which.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CASCADA_DATA=/data HOST=0.0.0.0 PORT=8000
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

COPY . .
RUN useradd --system --create-home cascada \
    && mkdir /data && chown cascada /data \
    && CASCADA_DATA=/tmp/build python manage.py compilemessages && rm -rf /tmp/build

USER cascada
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "exec python -m gunicorn config.wsgi --preload --bind $HOST:$PORT --worker-class gthread --workers ${WEB_WORKERS:-2} --threads 4 --timeout 60 --graceful-timeout 30 --no-control-socket"]
