"""What a lesson displays: a picture in HTML, a caption to be seen, a text to be read out."""

import base64
import io
import struct
from html import escape

PIXELS_PER_INCH = 100  # width on the page; the image holds twice as many for sharp screens
CARD = "display:block;background:#fff;padding:8px;border-radius:6px;box-sizing:border-box"


class Figure:
    """A displayable figure: its HTML, a caption, and a text alternative that says what is seen.

    `html` is the picture alone; it must already carry `alt` for readers who do not see it.
    Raises ValueError when `alt` or `caption` is empty.
    """

    def __init__(self, html: str, *, alt: str, caption: str, png: bytes | None = None):
        self.alt, self.caption = texts(alt, caption)
        self.png = png
        self.html = (
            f'<figure class="course-figure" style="margin:1em 0">{html}'
            f'<figcaption style="max-width:46em;margin-top:.4em">{escape(self.caption)}'
            f"</figcaption></figure>"
        )

    def __str__(self) -> str:
        return f"{self.caption}\n[{self.alt}]"

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/html": self.html, "text/plain": str(self)}
        if self.png is not None:  # for readers that show no HTML, such as an export to LaTeX
            bundle["image/png"] = base64.b64encode(self.png).decode("ascii")
        return bundle


def texts(alt: str, caption: str) -> tuple[str, str]:
    """Return both texts stripped; raise ValueError when nothing is left of one of them."""
    for name, text, advice in (
        ("alt", alt, "say in a sentence or two what the figure shows"),
        ("caption", caption, "say in a sentence what the reader should see"),
    ):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"A figure needs {name}=...: {advice}.")
    return alt.strip(), caption.strip()


def show(fig, *, alt: str, caption: str) -> Figure:
    """Turn a matplotlib figure into a displayable `Figure`, and close it so it appears once.

    `alt` is read out to those who do not see the figure, `caption` is printed under it.
    The same figure gives the same bytes. Raises ValueError when `alt` or `caption` is empty.
    """
    alt, caption = texts(alt, caption)
    png = png_bytes(fig)
    width = struct.unpack(">I", png[16:20])[0] // 2
    data = base64.b64encode(png).decode("ascii")
    image = (
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}" '
        f'style="width:{width + 16}px;max-width:100%;height:auto;{CARD}">'
    )
    return Figure(image, alt=alt, caption=caption, png=png)


def png_bytes(fig) -> bytes:
    """Draw a matplotlib figure at twice its width on the page, close it, return the PNG."""
    import sys

    from PIL import Image

    raw = io.BytesIO()
    fig.savefig(raw, format="png", dpi=2 * PIXELS_PER_INCH, bbox_inches="tight", pad_inches=0.06)
    if "matplotlib.pyplot" in sys.modules:  # only pyplot keeps figures to be displayed later
        sys.modules["matplotlib.pyplot"].close(fig)
    # 256 colours are plenty for a chart, and the file shrinks to about a third.
    image = Image.open(raw).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, format="png", optimize=True)
    return out.getvalue()
