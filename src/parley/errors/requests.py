"""What may be wrong with a request to the server, or with the task it made.

The codes are those of the native protocol (section 8); HTTP answers carry the same.
"""

from __future__ import annotations

from typing import ClassVar

from parley.errors.tree import InputError, ParleyError


class RequestError(InputError):
    """A request to the server cannot be granted as it is."""

    code: ClassVar[str] = "message_error"


class AuthFailed(RequestError):
    """The caller is not known here; every reason looks the same."""

    code = "auth_failed"
    http_status = 401


class Forbidden(RequestError):
    """The caller may not do this, or the Host or Origin is not ours."""

    code = "forbidden"
    http_status = 403


class InvalidJson(RequestError):
    """The frame is not a JSON object."""

    code = "invalid_json"
    http_status = 400


class UnknownMessageType(RequestError):
    """No message has that type."""

    code = "unknown_message_type"
    http_status = 400


class MissingTaskId(RequestError):
    """The message names no task."""

    code = "missing_task_id"
    http_status = 400


class MissingTaskIds(RequestError):
    """The message names no tasks, or too many."""

    code = "missing_task_ids"
    http_status = 400


class InvalidFormat(RequestError):
    """There is no such output format or upload mode."""

    code = "invalid_format"
    http_status = 400


class InvalidFileType(RequestError):
    """The file's name says that it is no recording."""

    code = "invalid_file_type"
    http_status = 415


class FileTooLarge(RequestError):
    """The file is larger than this server accepts."""

    code = "file_too_large"
    http_status = 413


class UploadRefused(RequestError):
    """The request for an upload lacks something or contradicts itself."""

    code = "upload_error"
    http_status = 400


class DiskBudgetSpent(UploadRefused):
    """The space set aside for uploads is used up."""

    http_status = 507
    permanent = False


class OffsetConflict(UploadRefused):
    """The bytes do not go on where the upload stands, or somebody else is sending them."""

    http_status = 409
    permanent = False


class TaskNotFound(RequestError):
    """No such task, or somebody else's."""

    code = "task_not_found"
    http_status = 404


class TaskExpired(RequestError):
    """The task is over and was forgotten."""

    code = "task_expired"
    http_status = 410


class MissingFileData(RequestError):
    """The message carries no file."""

    code = "missing_file_data"
    http_status = 400


class SizeMismatch(RequestError):
    """The bytes are not as many as announced."""

    code = "size_mismatch"
    http_status = 400


class HashMismatch(RequestError):
    """The bytes do not have the hash that was announced."""

    code = "hash_mismatch"
    http_status = 400


class UploadDataError(RequestError):
    """The file in the message could not be taken."""

    code = "upload_data_error"
    http_status = 400


class ChunkedUploadError(RequestError):
    """The numbers of a chunked upload do not agree."""

    code = "chunked_upload_error"
    http_status = 400


class TooManySessions(RequestError):
    """Too many uploads, connections or live sessions are open."""

    code = "too_many_sessions"
    http_status = 429
    permanent = False


class MissingChunkData(RequestError):
    """The message carries no chunk."""

    code = "missing_chunk_data"
    http_status = 400


class InvalidChunk(RequestError):
    """The chunk's index or length does not fit the upload."""

    code = "invalid_chunk"
    http_status = 400


class SessionNotFound(RequestError):
    """No such upload or live session: it expired, was finished, or is somebody else's."""

    code = "session_not_found"
    http_status = 404


class ChunkHashMismatch(RequestError):
    """The chunk does not have the hash beside it."""

    code = "chunk_hash_mismatch"
    http_status = 400


class ChunkUploadError(RequestError):
    """The chunk could not be taken."""

    code = "chunk_upload_error"
    http_status = 400


class FileHashMismatch(RequestError):
    """All chunks are there but not the file that was announced."""

    code = "file_hash_mismatch"
    http_status = 400


class FinalizeError(RequestError):
    """The upload cannot be finished yet."""

    code = "finalize_error"
    http_status = 409


class StatusError(RequestError):
    """The status could not be read."""

    code = "status_error"
    http_status = 500
    permanent = False


class CancelFailed(RequestError):
    """The task is over; there is nothing to cancel."""

    code = "cancel_failed"
    http_status = 409


class CancelError(RequestError):
    """The task could not be cancelled."""

    code = "cancel_error"
    http_status = 500
    permanent = False


class RateLimited(RequestError):
    """Too many requests in a short time."""

    code = "rate_limited"
    http_status = 429
    permanent = False


class QueueIsFull(RequestError):
    """No more tasks are admitted for now."""

    code = "queue_full"
    http_status = 503
    permanent = False


class UrlRefused(RequestError):
    """The address may not be fetched from here."""

    code = "url_refused"
    http_status = 400


class EditConflict(RequestError):
    """The transcript was edited by somebody else meanwhile."""

    code = "edit_conflict"
    http_status = 409


class ResultNotReady(RequestError):
    """The task is not over yet; there is no result to give."""

    code = "result_not_ready"
    http_status = 409
    permanent = False


class NoSuchPage(RequestError):
    """Nothing answers at that path."""

    code = "not_found"
    http_status = 404


class MethodNotAllowed(RequestError):
    """The path does not answer that HTTP method."""

    code = "method_not_allowed"
    http_status = 405


class JobError(ParleyError):
    """A task could not be finished."""

    code = "job_failed"
    http_status = 500


class JobStalled(JobError):
    """A task made no progress for too long and was ended."""

    code = "job_stalled"
    http_status = 504


class JobCancelled(JobError):
    """The task was cancelled by its owner."""

    code = "job_cancelled"
    http_status = 409


class ServerUnreachable(ParleyError):
    """The server does not answer, or the line to it was lost for good."""

    code = "server_unreachable"
    permanent = False
    http_status = 503
    exit_code = 6


class ServerInUse(ParleyError):
    """Another server has the data directory."""

    code = "server_in_use"
    http_status = 409
    exit_code = 7
