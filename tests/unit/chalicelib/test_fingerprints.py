"""Which names are taken for fingerprinted ones; above all, which are not."""

from __future__ import annotations

import hashlib
import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.fingerprints import is_fingerprinted

HEX20 = "0a1b2c3d4e5f6789abcd"
SHA256 = hashlib.sha256(b"main").hexdigest()
BASE64URL = string.ascii_letters + string.digits + "-_"
BASE32 = string.ascii_uppercase + "234567"


@pytest.mark.parametrize(
    "path",
    [
        # Vite, Rollup, and their longer hashes when two chunks would have one name
        "assets/index-BvXxYz12.js",
        "assets/index-Ck9_x1aB.css",
        "assets/queries-LIOgKzLg2.js",
        "assets/index-Ab1-x9Qz.js",
        "assets/index-Ab1xx9Q-.js",
        "assets/legacy-polyfills-D2qX7v_k.js",
        "assets/index-8f3b2c1d.js",  # Vite 4
        "assets/logo-A1b2C3d4.svg",
        # webpack: Create React App, Vue CLI, Docusaurus, Material for MkDocs
        "main.8f3b2c1d.js",
        "static/css/2.abcdef12.chunk.css",
        "static/js/main.8f3b2c1d.js.map",
        f"static/media/logo.{HEX20}.svg",
        "assets/js/main.1a2b3c4d.js",
        "assets/javascripts/bundle.56dfad97.min.js",
        # Next, Gatsby
        "_next/static/Ur7sXk/_buildManifest.js",
        "_next/static/media/inter.woff2",
        "docs/_next/static/chunks/main.js",
        "chunks/123-0a1b2c3d4e5f6789.js",
        f"app-{HEX20}.js",
        f"component---src-pages-index-js-{HEX20}.js",
        # Nuxt, Astro, SvelteKit
        "_nuxt/entry.Ab12Cd34.js",
        "_nuxt/CQ2DZ0Bf.js",
        "_nuxt/builds/meta/4f1f1b5e-1d4c-4c3e-9d8e-1f1f1b5e1d4c.json",
        "_astro/index.Dk3fA_9x.css",
        "_astro/hoisted.js",
        "_app/immutable/chunks/a.js",
        "entry.Ab12Cd34.js",
        "index.Dk3fA_9x.css",
        # Angular, esbuild
        "main-ABCDEF12.js",
        "chunk-XYZ12345.js",
        "chunk-IWHNGHGL.js",
        "app-ABCD1234.js",
        "styles-5INURTSO.css",
        "media/logo-A2B3C4D5.png",
        # Vite, whose hashes often have no digit
        "assets/index-DkqWvGhj.js",
        "docs/assets/style-C0_-kLm9.css",
        # VitePress
        "assets/app.DaBc1234.js",
        "assets/guide_index.md.CkQx1a2b.lean.js",
        "assets/guide_index.md.CkQx1a2b.js",
        # the fonts of its theme
        "assets/inter-roman-latin.Di8DUHzh.woff2",
        "assets/inter-italic-cyrillic.By2_1cv3.woff2",
        "docs/assets/inter-italic-latin-ext.CN1xVJS-.woff2",
        # Hugo, Sprockets, Django, Parcel, mdBook
        f"main.min.{SHA256}.css",
        f"application-{SHA256}.js",
        "css/base.5af66c1b1797.css",
        "index.1a2b3c4d.js",
        "highlight-493f70e1.css",
        "favicon-de23e50b.svg",
    ],
)
def test_recognises_what_builders_write(path: str) -> None:
    assert is_fingerprinted(path)


@pytest.mark.parametrize(
    "path",
    [
        # numbers, dates, versions, sizes
        "report-20241231.pdf",
        "logo-20240608.png",
        "RedHatText-20240608.woff2",
        "photo_12345678.jpg",
        "photo-12345678.jpg",
        "app.20240101.js",
        "report-2024dec1.png",
        "app-1feb2024.js",
        "app-2024dec31.js",
        "paper-2024a001.png",
        "jquery-3.7.1.min.js",
        "version-2.0.0.js",
        "bootstrap-5.3.0-alpha1.min.css",
        "favicon-32x32.png",
        "mstile-150x150.png",
        "d3.v7.min.js",
        "polyfills-es2015.js",
        # words
        "logo-original.png",
        "bootstrap.bundle.js",
        "app.bundle.js",
        "background.png",
        "apple-touch-icon.png",
        "safari-pinned-tab.svg",
        "readme-how-to-build.js",
        "react-dom.production.min.js",
        "three.module.js",
        "RedHatDisplay-Regular.woff2",
        "page-ToDoList.js",
        "widget-OnOffBtn.js",
        "lib-jQueryUI.js",
        "README-OVERVIEW.js",
        "photo-deadbeef.jpg",
        "app.defaced.js",
        # words with numbers
        "photo-facade01.jpg",
        "app-decade80.js",
        "docs-Chapter1.js",
        "paper-Figure10.png",
        "gallery-Photo001.jpg",
        "slide-Picture1.png",
        "case-iPhone15.jpg",
        "icons-AppIcon2.js",
        "my-MyPic123.js",
        "list-Top10Vid.js",
        "example-Vue3Demo.js",
        "list-Mp3Files.js",
        "use-Gpt4oApi.js",
        "app-VERSION2.js",
        "app-LESSON01.js",
        "lib-x64-Win7.js",
        "lib-x64_Win7.js",
        # serial numbers, identifiers, colours, formulas
        "holiday-DSC01234.jpg",
        "beach-P1010001.jpg",
        "trip-GOPR0001.mp4",
        "image-550e8400-e29b-41d4-a716-446655440000.png",
        "image-550e8400-e29b-41d4-a716-4466554400ab.js",
        "swatch-ff8800cc.png",
        "crystal-Ca2Fe5O9.png",
        "emoji-1f468-200d-1f469.svg",
        "thumb-dQw4w9WgXcQ.jpg",
        # pages, documents, data
        "index-BvXxYz12.html",
        "_astro/index.Dk3fA_9x.html",
        "_next/static/abc/page.htm",
        f"main.{SHA256}.html",
        "report-8f3b2c1d.pdf",
        "data.8f3b2c1d.json",
        "release-8f3b2c1d.zip",
        "main.8f3b2c1d.js.LICENSE.txt",
        # what must be fresh
        "sw.js",
        "service-worker.js",
        "manifest.json",
        "remoteEntry.js",
        "_nuxt/builds/latest.json",
        "_app/version.json",
        "_app/env.js",
        "my_next/static/a.js",
        "_astro.js",
        # in Vite's folder, but words
        "assets/report-overview.js",
        "assets/page-UserCard.js",
        "assets/main-MyButton.js",
        "assets/chart-HTMLView.js",
        "assets/chapter-01-intro.js",
        "assets/app-version2.js",
        "assets/a-20241231.js",
        "assets/style-dark-mode.css",
        "assets/inter-SemiBold.woff2",
        "assets/inter-HvyCnObl.woff2",
        "assets/inter-wdthwght.woff2",
        "assets/inter-Weight12.woff2",
        "assets/inter-20241231.woff2",
        # an image there may be a photograph
        "assets/logo.Di8DUHzh.png",
        # the hash is not where builders put it
        "8f3b2c1d.js",
        "8f3b2c1d/app.js",
        "8f3b2c1d-app.js",
        "main-8f3b2c1d",
        "main.8f3b2c1.js",
        "main.8f3b2c1d5.js",
        ".map",
        "a.map",
        "",
    ],
)
def test_leaves_ordinary_names_alone(path: str) -> None:
    assert not is_fingerprinted(path)


@given(st.text(string.ascii_letters + string.digits + "-._/", max_size=60))
def test_html_is_never_fingerprinted(path: str) -> None:
    assert not is_fingerprinted(path + ".html")


@given(st.text(string.digits + "-._", max_size=40), st.sampled_from(["js", "css", "png"]))
def test_numbers_alone_are_never_a_fingerprint(stem: str, extension: str) -> None:
    assert not is_fingerprinted(f"a{stem}.{extension}")


@given(
    st.from_regex(r"[A-Z]?[a-z]+[0-9]*", fullmatch=True) | st.from_regex(r"[A-Z]+", fullmatch=True),
    st.sampled_from([".js", ".css", ".png", ".min.js"]),
)
def test_a_word_with_or_without_a_number_is_never_a_fingerprint(word: str, end: str) -> None:
    assert not is_fingerprinted(f"my-{word}{end}")


@pytest.mark.parametrize(
    ("alphabet", "length", "form", "at_least"),
    [
        ("0123456789abcdef", 8, "main.{}.js", 0.89),
        ("0123456789abcdef", 8, "logo.{}.png", 0.67),
        ("0123456789abcdef", 20, "main-{}.js", 0.99),
        (BASE32, 8, "main-{}.js", 0.74),
        (BASE32, 8, "chunk-{}.js", 1.0),
        (BASE64URL, 8, "index-{}.js", 0.45),
        (BASE64URL, 8, "assets/index-{}.js", 0.88),
        (BASE64URL, 8, "assets/inter.{}.woff2", 0.65),
        (BASE64URL, 8, "logo-{}.png", 0.25),
        (BASE64URL, 8, "_astro/logo.{}.png", 1.0),
    ],
)
def test_the_share_of_hashes_that_is_recognised(
    alphabet: str, length: int, form: str, at_least: float
) -> None:
    pick = random.Random(1).choice  # noqa: S311  # a fixed sample, nothing secret
    token: Callable[[], str] = lambda: "".join(pick(alphabet) for _ in range(length))  # noqa: E731
    found = sum(is_fingerprinted(form.format(token())) for _ in range(4_000))
    assert found / 4_000 >= at_least
