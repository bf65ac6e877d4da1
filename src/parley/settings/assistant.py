"""The keys of conversations: `[assistant]` in the file, `PARLEY_ASSISTANT__LLM_MODEL` outside."""

from __future__ import annotations

from pydantic import Field, SecretStr

from parley.settings.server import Group


class AssistantSettings(Group):
    """Conversations: the language model, and when it may be interrupted."""

    llm_base_url: str = Field(
        default="https://api.openai.com/v1",
        pattern="^https?://",
        description="Address of an OpenAI-compatible API: Ollama, vLLM, llama.cpp, a cloud.",
    )
    llm_model: str = Field(default="gpt-4o-mini", min_length=1, description="The model's name there.")
    llm_api_key: SecretStr | None = Field(
        default=None,
        description="Its key; `LLM_API_KEY` or `OPENAI_API_KEY` of the environment where this is not set. "
        "With an address of your own above none is needed where its server asks for none. With neither a "
        "parrot repeats what it heard.",
    )
    instructions: str = Field(
        default="You are a helpful assistant in a spoken conversation. Answer briefly, in the language of "
        "the user, in plain sentences without markup.",
        max_length=8000,
        description="What the language model is told before the conversation, unless the client says.",
    )
    history_tokens: int = Field(
        default=6000, ge=100, description="Most tokens of the conversation that are sent, the latest, about."
    )
    max_answer_tokens: int = Field(default=800, ge=16, description="Most tokens of an answer.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="Unset: the model's own.")
    first_token_s: float = Field(default=20.0, gt=0, description="Longest wait for an answer to begin.")
    between_tokens_s: float = Field(default=20.0, gt=0, description="Longest wait within an answer.")
    answer_s: float = Field(default=120.0, gt=0, description="Longest answer.")
    retries: int = Field(default=2, ge=0, le=10, description="Tries after the first, before an answer began.")
    max_sessions: int = Field(default=16, ge=1, description="Conversations open at once.")
    max_sessions_per_client: int = Field(
        default=4, ge=1, description="Of one user or, without authentication, of everybody."
    )
    session_idle_s: float = Field(
        default=300.0, gt=0, description="A conversation in which nobody says anything for so long is ended."
    )
    resume_s: float = Field(
        default=30.0, ge=0, description="How long a conversation waits for a client whose line was lost."
    )
    barge_in_ms: int = Field(
        default=500, ge=100, le=5000, description="Speech that interrupts an answer; shorter only holds it."
    )
    barge_in_guard_ms: int = Field(
        default=1000,
        ge=0,
        le=10_000,
        description="For so long after an answer begins, twice as much speech is asked for: echo "
        "cancellation has to learn the voice first.",
    )
    speculate: bool = Field(
        default=True,
        description="Ask the language model as soon as the text is known, although the user may go on; what "
        "was asked too early is thrown away.",
    )
    keep_days: float = Field(default=90.0, gt=0, description="Days after which a conversation is forgotten.")
    max_stored: int = Field(default=1000, ge=1, description="Conversations kept of one user, the latest.")
