"""The brake: a file whose presence keeps new requests from a colour, pulled by rename(2) alone.

What lives here: the flags of one service and who set them. What must not: nginx's configuration, the decision to brake.
A flag that this program did not write was set by a human, and only a human takes it away.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.core.model import BrakeKind, Colour
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.waiting import aside

FIRST_LINE: Final = "rollback-watchdog brake"
_NOTE_SECONDS: Final = 1.0  # a stuck disk costs the note, not the rollback
_BY_WORD: Final = {kind.value: kind for kind in (BrakeKind.DIVERT, BrakeKind.ROLLBACK)}


class Brake:
    """The flags of one service, in a folder that nginx's workers can search."""

    def __init__(self, service: str, folder: Path, wall: Callable[[], float]) -> None:
        self.folder = folder
        self.scratch = folder / f"{service}.scratch"
        self._service = service
        self._wall = wall
        self._making = threading.Lock()
        # What could perhaps not be written into a flag: its kind, and which file that is true of.
        self._kinds: dict[Colour, tuple[BrakeKind, tuple[int, int]]] = {}

    def flag(self, colour: Colour) -> Path:
        """The file that nginx looks for."""
        return self.folder / f"{self._service}.{colour}"

    def prepared(self, colour: Colour) -> Path:
        """The flag's body, ready beside it."""
        return self.folder / f".{self._service}.{colour}"

    def make_ready(self) -> None:
        """Make the folder and the bodies of both flags, durable. OSError.

        Never waits: if another thread is at it already, that one makes them.
        """
        if not self._making.acquire(blocking=False):
            return
        try:
            self._make_ready()
        finally:
            self._making.release()

    def _make_ready(self) -> None:
        if not self.folder.is_dir():
            self._make_folder()
        for colour in Colour:
            body = self._body(colour)
            if files.read(self.prepared(colour)) != body:
                files.stage(self.prepared(colour), body)

    def _make_folder(self) -> None:
        missing = [each for each in (self.folder, *self.folder.parents) if not each.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            folder.chmod(files.FOLDER)  # whatever the umask: nginx's workers must be able to search it

    def _body(self, colour: Colour) -> str:
        return f"{FIRST_LINE}\nservice: {self._service}\ncolour: {colour}\n"

    def kind(self, colour: Colour) -> BrakeKind | None:
        """Who set the flag; None when nginx sees none. Ours without a kind counts as a rollback's: the stricter one."""
        flag = self.flag(colour)
        if not files.is_file(flag):
            return None
        try:
            lines = (files.read(flag) or "").splitlines()
        except (OSError, ValueError):  # mode 000 brakes too
            lines = []
        remembered = self._kinds.get(colour)
        if remembered is not None and remembered[1] == files.identity(flag):
            return remembered[0]
        if lines[:1] != [FIRST_LINE]:
            return BrakeKind.HAND
        words = [line.removeprefix("kind: ") for line in lines if line.startswith("kind: ")]
        return _BY_WORD.get(words[-1], BrakeKind.ROLLBACK) if words else BrakeKind.ROLLBACK

    async def pull(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """Set the flag; the wall-clock time from which it holds. RouterError when it cannot be set."""
        present = self.kind(colour)
        if present is None:
            self._set(colour)
        at = self._wall()
        if not files.is_file(self.flag(colour)):
            raise RouterError(f"the brake {self.flag(colour)} was set and is not there")
        # A rollback's brake outlasts a divert's; a human's outlasts both.
        if present is None or (present is BrakeKind.DIVERT and kind is BrakeKind.ROLLBACK):
            text = f"kind: {kind}\nsince: {at:.3f}\nnote: {' '.join(note.split())}\n"
            # Before the note, too: who looks meanwhile must not take a divert's flag for a rollback's.
            self._kinds[colour] = (kind, files.identity(self.flag(colour)))
            await self._best_effort(lambda: self._write_note(colour, text))
            self._kinds[colour] = (kind, files.identity(self.flag(colour)))
        return at

    def _set(self, colour: Colour) -> None:
        flag, prepared = self.flag(colour), self.prepared(colour)
        try:
            try:
                files.swap(prepared, flag)
            except FileNotFoundError:  # never prepared, or taken away by somebody, perhaps with the folder
                if not self.folder.is_dir():
                    self._make_folder()
                self._create(flag, self._body(colour))
        except OSError as error:
            raise RouterError(
                f"the brake {flag} cannot be set ({error.strerror}); by hand: touch {flag}, and look at {self.folder}"
            ) from error

    @staticmethod
    def _create(flag: Path, body: str) -> None:
        with flag.open("a", encoding="utf-8") as file, contextlib.suppress(OSError):  # an empty flag brakes too
            file.write(body)
            file.flush()

    def _write_note(self, colour: Colour, text: str) -> None:
        files.append(self.flag(colour), text)
        files.sync_folder(self.folder)

    async def release(self, colour: Colour) -> float:
        """Take a divert's flag away; the wall-clock time from which traffic flows. RouterError for any other flag."""
        kind = self.kind(colour)
        flag = self.flag(colour)
        if kind is BrakeKind.HAND:
            raise RouterError(f"the brake {flag} was set by hand, so it is taken away by hand: rm {flag}")
        if kind is BrakeKind.ROLLBACK:
            raise RouterError(f"the brake {flag} belongs to a rollback: the next deployment's preparation removes it")
        if kind is not None:
            self._take_away(colour)
        at = self._wall()
        await self._best_effort(self.make_ready)
        return at

    def clear(self, colour: Colour) -> bool:
        """Take away a flag that this program set, whatever for; False when a human's flag stands. RouterError."""
        kind = self.kind(colour)
        if kind is BrakeKind.HAND:
            return False
        if kind is not None:
            self._take_away(colour)
        return True

    def _take_away(self, colour: Colour) -> None:
        try:
            files.swap(self.flag(colour), self.prepared(colour))  # back to where it came from: no block is needed
        except OSError as error:
            raise RouterError(f"the brake {self.flag(colour)} cannot be removed ({error.strerror})") from error
        self._kinds.pop(colour, None)

    @staticmethod
    async def _best_effort(work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            await aside(work, _NOTE_SECONDS)
