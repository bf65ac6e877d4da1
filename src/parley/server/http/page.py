"""`GET /` and `GET /docs`: plain pages that load nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from parley.server.http.asking import Behind, read

router = APIRouter(tags=["operations"])

_NAMES = {
    "waiting": ("Waiting", "排队"),
    "running": ("Running", "处理中"),
    "workers": ("Workers", "工作进程"),
    "connections": ("Connections", "连接"),
    "live_sessions": ("Live sessions", "实时会话"),
    "live_lag_ms": ("Lag of live sessions, ms (95 of 100)", "实时会话滞后（毫秒，95%）"),
    "live_refused": ("Live sessions refused", "被拒绝的实时会话"),
    "uptime_s": ("Seconds since the start", "已运行秒数"),
    "completed": ("Completed", "已完成"),
    "failed": ("Failed", "失败"),
    "cancelled": ("Cancelled", "已取消"),
    "timed_out": ("Timed out", "超时"),
}


@read(router, "/", include_in_schema=False)
async def page(rooms: Behind) -> Response:
    """Version, readiness and, where there are no users to tell apart, numbers."""
    reasons = rooms.unready()
    figures = {} if rooms.authority.enabled else rooms.figures()
    text = _template("status.html").format(
        version=escape(rooms.options.version),
        state_en=escape("Not ready: " + "; ".join(reasons) if reasons else "Ready"),
        state_zh="未就绪" if reasons else "就绪",
        figures="\n".join(_rows(figures)),
    )
    return _html(text)


@read(router, "/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The OpenAPI document as a table, with a link to all of it."""
    operations = "\n".join(_operations(request.app.openapi()["paths"]))
    return _html(_template("docs.html").format(operations=operations))


def _rows(figures: Mapping[str, float]) -> list[str]:
    rows: list[str] = []
    for key, value in figures.items():
        english, chinese = _NAMES.get(key, (key, ""))
        name = f'{escape(english)} <span lang="zh">{chinese}</span>'
        rows.append(f"<tr><th>{name}</th><td>{value:,.0f}</td></tr>")
    return rows


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows: list[str] = []
    for path, item in paths.items():
        for method, operation in item.items():
            name = f"<code>{method.upper()} {escape(path)}</code>"
            rows.append(f"<tr><th>{name}</th><td>{escape(operation['summary'])}</td></tr>")
    return rows


def _html(text: str) -> Response:
    """The page, allowed the one style sheet inside it and nothing else."""
    policy = f"default-src 'none'; style-src {_style_hash(text)}; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(text, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def _style_hash(text: str) -> str:
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = hashlib.sha256((style[1] if style else "").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _template(name: str) -> str:
    return files("parley.web").joinpath(name).read_text("utf-8")
