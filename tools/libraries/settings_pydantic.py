"""The service's settings by pydantic-settings, for a comparison: the same names, limits and defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from own_code import module
from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

own = module("settings")
url_fault, is_host = own.url_fault, own.is_host


def _pattern(name: str) -> AfterValidator:
    pattern, fault = own.PATTERNS[name]

    def check(text: str) -> str:
        # pydantic's own patterns have no look-ahead.
        if text and not own.re.fullmatch(pattern, text):
            raise ValueError(fault)
        return text

    return AfterValidator(check)


def _url(text: str) -> str:
    if text and (fault := url_fault(text, http=True)):
        raise ValueError(f"no address to use: {fault}")
    return text


def _queue(text: str) -> str:
    if _url(text) and not own.QUEUE_PATH.fullmatch(own.urlsplit(text).path):
        raise ValueError("its path doesn't end with a queue's name: use the address that SQS gives")
    return text


def _host(text: str) -> str:
    if text and not is_host(text):
        raise ValueError("no host: use one such as open.quiltdata.com")
    return text


Queue = Annotated[str, AfterValidator(_queue)]
Url = Annotated[str, AfterValidator(_url)]


class Settings(BaseSettings):
    """The settings that the stack sets; the secret stays with the own reader."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    port: int = Field(ge=1, le=65535)
    aws_region: Annotated[str, _pattern("AWS_REGION")] = ""
    intake_queue_url: Queue = ""
    canvas_queue_url: Queue = ""
    package_bucket: Annotated[str, _pattern("PACKAGE_BUCKET")] = ""
    package_prefix: Annotated[str, _pattern("PACKAGE_PREFIX")] = "benchling"
    quilt_catalog: Annotated[str, AfterValidator(_host)] = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    stop_timeout_seconds: int = Field(30, ge=2, le=120)
    shutdown_delay_seconds: int = Field(0, ge=0, le=119)
    claims_table: Annotated[str, _pattern("CLAIMS_TABLE")] = ""
    dead_letter_queue_url: Queue = ""
    packaging_queue_url: Queue = ""
    revision_queue_url: Queue = ""
    quilt_workflow: str | None = None
    confirm_seconds: int = Field(0, ge=0, le=86400)
    export_interval_seconds: int = Field(10, ge=0, le=300)
    export_timeout_seconds: int = Field(1800, ge=60, le=43200)
    call_timeout_seconds: int = Field(60, ge=5, le=900)
    download_floor_seconds: int = Field(30, ge=5, le=600)
    stack_name: str = ""
    service_name: str = ""
    front_door_url: Url = ""
    aws_endpoint_url: Url = ""
    quilt_connected: Annotated[str, _pattern("QUILT_CONNECTED")] = "true"
    ecs_agent_uri: str = ""
    worker_concurrency: int = Field(4, ge=1, le=32)
    lease_seconds: int = Field(60, ge=3, le=3600)
    retry_seconds: int = Field(15, ge=1, le=400)

    @model_validator(mode="after")
    def _delay_is_shorter(self) -> Settings:
        if self.shutdown_delay_seconds >= self.stop_timeout_seconds:
            raise ValueError("SHUTDOWN_DELAY_SECONDS: not below STOP_TIMEOUT_SECONDS: use a shorter delay")
        return self


class QuietSettings(Settings):
    """The same, with pydantic's switch against values in messages."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)
