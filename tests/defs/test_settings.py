"""The settings in force: which of option, environment, file and default counts, and what is refused."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError, SettingsError
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.resources import conversion_of, in_force
from docmill.pipeline.defs.settings import Setting, settings_in_force
from docmill.resources.settings.layout import TritonLayoutConfig


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings file of an otherwise empty home is to be."""
    for name in ("DOCMILL_SETTINGS", "DOCMILL_STORE", "DOCMILL_INBOX", "DOCMILL_OUT", "DOCMILL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    return tmp_path / "docmill.toml"


def found(section: str, key: str) -> Setting:
    return next(each for each in settings_in_force().each() if (each.section, each.key) == (section, key))


def refused() -> str:
    with pytest.raises(SettingsError) as raised:
        list(settings_in_force().each())
    return str(raised.value)


def test_without_a_file_everything_is_at_its_default() -> None:
    assert {each.origin for each in settings_in_force().each()} == {"default"}


def test_the_environment_comes_before_the_file_and_each_says_where_it_is_from(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[inbox]\n\nurl = "/in"\nbatch_documents = 5\n\n[workers]\ncount = 3\n')
    monkeypatch.setenv("DOCMILL_INBOX", "/other")
    monkeypatch.setenv("DOCMILL_WORKERS_COUNT", "2")
    url, batch, count = found("inbox", "url"), found("inbox", "batch_documents"), found("workers", "count")
    assert (url.value, url.origin) == ("/other", "$DOCMILL_INBOX")
    assert (batch.value, batch.origin) == (5, f"{file}, line 4")
    assert (count.value, count.origin) == (2, "$DOCMILL_WORKERS_COUNT")
    assert settings_in_force().resources["inbox"].batch_documents == 5


def test_an_empty_variable_says_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[exports]\nout = "/results"\n')
    monkeypatch.setenv("DOCMILL_OUT", "")
    assert found("exports", "out").value == "/results"


def test_backends_are_named_as_in_the_launchpad(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[layout]\nbackend = "triton"\n[tables.backend.triton]\nmodel = "mine"\n')
    resources = settings_in_force().resources
    assert isinstance(resources["layout"].backend, TritonLayoutConfig)
    assert resources["tables"].backend.model == "mine"
    assert found("tables", "backend").origin == f"{file}, line 3"
    monkeypatch.setenv("DOCMILL_LAYOUT_BACKEND", '{triton = {contract = "cdla"}}')
    assert found("layout", "backend").value == {"triton": {"contract": "cdla"}}
    monkeypatch.setenv("DOCMILL_LAYOUT_BACKEND", "embedded")
    assert found("layout", "backend").value == "embedded"


def test_every_run_of_the_definitions_has_them(file: Path) -> None:
    file.write_text(
        '[layout]\nbackend = "triton"\n[triton]\nurl = "gpu:8001"\nretries = 0\npatience_s = 0.1\n'
        '[exports]\nformats = ["md"]\n'
    )
    definitions = docmill_definitions(resources=settings_in_force().resources)
    known = {key: each for key, each in (definitions.resources or {}).items() if key != "progress"}
    with dg.build_resources(known) as made:
        conversion = conversion_of({key: getattr(made, key) for key in known})
    layout = conversion.stages["layout"]
    assert layout.server == "triton"
    assert conversion.stages["exports"].identity() == {"formats": ["md"]}
    with pytest.raises(BackendUnavailableError, match="gpu:8001"):
        layout.served()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[inbox]\nurl = '/in'\nbatch_document = 3\n",
            "line 3: there is no setting inbox.batch_document; did you mean batch_documents?",
        ),
        ("\n[inbx]\n", "line 2: there is no section [inbx]; did you mean inbox?"),
        ("[zzz]\n", "line 1: there is no section [zzz]; there are alerts, assembly"),
        ("[layout]\nbackend = 'trition'\n", "line 2: layout.backend cannot be trition; did you mean triton?"),
        (
            "[layout.backend.triton]\nmodell = 'x'\n",
            "line 2: there is no setting layout.backend.triton.modell; did you mean model?",
        ),
        ("[layout]\nbackend = 3\n", "line 2: layout.backend is one of embedded, triton"),
        (
            "[inbox]\nbatch_mb = 0\n",
            "line 2: inbox.batch_mb: Input should be greater than or equal to 1, not 0",
        ),
        ("[workers]\ncount = 'many'\n", "line 2: workers.count: "),
        ("[execution]\nexecutor = 'k9s'\n", "line 2: execution.executor: Input should be 'in_process'"),
        ("url = '/in'\n", "line 1: url stands in no section"),
        ("[inbox\n", "is not TOML"),
        ("[inbox]\nurl = '/a'\nurl = '/b'\n", "line 3"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_nearest_right_name(
    file: Path, text: str, said: str
) -> None:
    file.write_text(text)
    assert said in refused()
    assert str(file) in refused()


def test_a_variable_that_says_what_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_INBOX_BATCH_DOCUMENTS", "many")
    assert refused().startswith("$DOCMILL_INBOX_BATCH_DOCUMENTS: inbox.batch_documents: Input should be")
    monkeypatch.setenv("DOCMILL_INBOX_BATCH_DOCUMENTS", "0")
    assert refused().startswith("$DOCMILL_INBOX_BATCH_DOCUMENTS: inbox.batch_documents: ")


def test_a_file_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "none.toml"))
    assert "none.toml cannot be read: No such file" in refused()
    (tmp_path / "latin.toml").write_bytes(b"[inbox]\nurl = '\xe4'\n")
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "latin.toml"))
    assert "latin.toml is not a text in UTF-8" in refused()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[reader]\npassword = "open sesame"\n', "line 2: reader.password is a secret, and is not"),
        ('[vllm]\napi_key = "sk"\n', 'api_key = { env = "NAME" }; or api_key_file = "PATH"'),
        ('[alerts]\nwebhook = "https://hooks"\n', "alerts.webhook is a secret"),
        ('[store.options]\nsecret = "x"\n', "line 1: store.options is a secret"),
        ('[inbox.options.client_kwargs]\npassword = "x"\n', "inbox.options is a secret"),
    ],
)
def test_secrets_are_not_written_down(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert said in refused()


def test_secrets_by_reference_are_read_where_they_are_used_and_shown_nowhere(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("KEY", "from a variable")
    file.write_text(
        '[reader]\npassword = { env = "KEY" }\n'
        f'[vllm]\napi_key_file = "{tmp_path}/secret"\n'
        f'[store.options]\nsecret = {{ file = "{tmp_path}/secret" }}\ntoken = {{ env = "KEY" }}\n'
    )
    resources = settings_in_force().resources
    assert in_force(resources["reader"]).opening() == "from a variable"
    assert resources["vllm"].server().api_key == "from a file"
    assert resources["store"].open().options == {"secret": "from a file", "token": "from a variable"}
    shown = repr(list(settings_in_force().each()))
    assert "from a" not in shown
    assert found("reader", "password").value == "$KEY"


def test_a_secret_is_in_no_definition_that_dagster_keeps(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_PASSWORD", "hunter2")
    monkeypatch.setenv("DOCMILL_ALERT_WEBHOOK", "https://hooks.example/hunter2")
    definitions = docmill_definitions(resources=settings_in_force().resources)
    job = definitions.resolve_job_def("convert_documents")
    kept = dg.serialize_value(job.get_job_snapshot())
    assert "hunter2" not in kept
    assert "DOCMILL_PASSWORD" in kept
    assert in_force(settings_in_force().resources["alerts"]).url == "https://hooks.example/hunter2"


def test_a_variable_that_is_no_setting_is_seen() -> None:
    names = ["DOCMILL_LAYOT_BACKEND", "DOCMILL_HOME", "DOCMILL_TRITON_URL", "DOCMILL_STORE", "HOME"]
    assert settings_in_force().unknown_variables(names) == {"DOCMILL_LAYOT_BACKEND"}
