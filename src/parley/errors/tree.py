"""What may go wrong in any of Parley's rooms; the whole tree is drawn in the package."""

from __future__ import annotations

from typing import ClassVar


class ParleyError(Exception):
    """The root: `message` is for the user, `detail` for the log."""

    code: ClassVar[str] = "internal_error"
    permanent: ClassVar[bool] = True
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class InputError(ParleyError):
    """The request or the file is at fault."""

    code = "invalid_request"
    http_status = 400
    exit_code = 2


class FileNotFound(InputError):
    """There is no readable file under that name."""

    code = "file_not_found"
    http_status = 404
    exit_code = 3


class UndecodableMedia(InputError):
    """The bytes are broken, empty, or not media at all."""

    code = "undecodable_media"
    http_status = 422
    exit_code = 4


class UnsupportedMedia(InputError):
    """The container is not on the list of those we open."""

    code = "unsupported_media"
    http_status = 415
    exit_code = 4


class MediaTooLarge(InputError):
    """A limit on duration, tracks or bytes is exceeded."""

    code = "media_too_large"
    http_status = 413
    exit_code = 4


class InvalidOption(InputError):
    """An option has a value that means nothing."""

    code = "invalid_option"


class UnsupportedOption(InputError):
    """The engines of the profile cannot honour the option."""

    code = "unsupported_option"


class InvalidSettings(InputError):
    """The configuration file or the environment does not make sense."""

    code = "invalid_settings"


class ProfileError(ParleyError):
    """The machine lacks something that can be installed."""

    code = "profile_error"
    http_status = 409
    exit_code = 5


class ProfileUnknown(ProfileError):
    """No profile has that name."""

    code = "profile_unknown"
    http_status = 404


class ProfileNotInstalled(ProfileError):
    """An engine of the profile lacks a package or its weights."""

    code = "profile_not_installed"


class EngineOutdated(ProfileError):
    """The engine environment holds another version of parley than the parent."""

    code = "engine_outdated"


class InstallFailed(ProfileError):
    """An engine environment could not be made."""

    code = "install_failed"


class DeviceUnavailable(ProfileError):
    """A device that was asked for strictly cannot be used."""

    code = "device_unavailable"


class SupplyError(ParleyError):
    """A model or an engine's libraries could not be brought onto this machine."""

    code = "supply_error"
    permanent = False
    http_status = 503
    exit_code = 8


class DownloadFailed(SupplyError):
    """A hub could not be reached, or its line was too slow."""

    code = "download_failed"


class DownloadRefused(SupplyError):
    """A hub does not have the model, or does not give it to this user; or downloads are switched off."""

    code = "download_refused"
    permanent = True


class ModelDamaged(SupplyError):
    """Files differ from what their checksums say, or some are missing."""

    code = "model_damaged"


class WorkerError(ParleyError):
    """Something happened to a child process."""

    code = "worker_error"
    permanent = False
    exit_code = 6


class EngineFailed(WorkerError):
    """The engine raised an exception of its own."""

    code = "engine_failed"


class EngineBroken(WorkerError):
    """The engine could not be loaded; it is tried again after a while."""

    code = "engine_broken"
    http_status = 503


class OutOfMemory(WorkerError):
    """The engine's device has no memory left for this batch."""

    code = "out_of_memory"


class WorkerDied(WorkerError):
    """The child process ended in the middle of a call."""

    code = "worker_died"


class WorkerHung(WorkerError):
    """The child made no progress within its deadline and was killed."""

    code = "worker_hung"


class WorkersExhausted(WorkerError):
    """Workers died so often that the restart budget is spent."""

    code = "workers_exhausted"
    http_status = 503


class WorkersBusy(WorkerError):
    """More calls wait for a worker than the line holds."""

    code = "workers_busy"
    http_status = 503


class FleetClosed(WorkerError):
    """The workers are being stopped; the call was not done."""

    code = "fleet_closed"
    http_status = 503


class StreamLost(WorkerError):
    """The worker does not hold that stream (any more)."""

    code = "stream_lost"


class UnitPoisoned(WorkerError):
    """A unit of work killed every worker that took it."""

    code = "unit_poisoned"
    permanent = True


class StorageError(ParleyError):
    """Something could not be written or read back."""

    code = "storage_error"
    permanent = False
    exit_code = 7


class DiskFull(StorageError):
    """No space is left where the data directory lives."""

    code = "disk_full"
    http_status = 507


class StoreBusy(StorageError):
    """Another process holds the work and does not move."""

    code = "store_busy"
    http_status = 503


class StoreBroken(StorageError):
    """The database cannot be read."""

    code = "store_broken"
