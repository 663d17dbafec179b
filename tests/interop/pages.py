"""The two HTML pages that our small servers show: a portal's log-in form and a publisher's table of attributes.

The table is the one shape that every publisher of the suite shows, so that one reader serves them all.
"""

from html import escape


def page(title: str, body: str) -> str:
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
            f"<body><h1>{escape(title)}</h1>{body}</body></html>")


def login_form(title: str, error: str = "") -> str:
    """A form that posts back to its own address, so that the pending request stays in the query."""
    return page(title, f'<p>{escape(error)}</p><form method="post">'
                       '<label>Login <input name="username" autofocus></label> '
                       '<label>Password <input name="password" type="password"></label> '
                       '<button type="submit">Log in</button></form>')


def post_form(action: str, fields: dict[str, str], extra: str = "") -> str:
    """The HTTP-POST binding's page: sends itself where scripts run, has a button where they do not."""
    inputs = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in fields.items())
    return page("Redirecting", f'<form method="post" action="{escape(action)}">{inputs}'
                               f'<button type="submit">Continue</button></form>{extra}'
                               "<script>document.forms[0].submit()</script>")


def tiles(title: str, links: list[tuple[str, str]]) -> str:
    items = "".join(f'<li><a id="{escape(name)}" href="{escape(url)}">{escape(name)}</a></li>' for name, url in links)
    return page(title, f'<ul>{items}</ul><p><a id="logout" href="/logout">Log out</a></p>')


def attributes(title: str, name_id: str, values: dict[str, list[str]]) -> str:
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape('|'.join(v))}</td></tr>" for k, v in sorted(values.items()))
    return page(title, f'<p>Subject: <span id="subject">{escape(name_id)}</span></p><table id="attributes">{rows}</table>')
