"""The ways into the Salesforce fake: SOAP login() and OAuth 2.0 (password, client credentials)."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.crm.fakes.salesforce_org import Org

LAST_SOAP_LOGIN = 64  # login() is gone from version 65.0 on


class Login:
    """Who may come in, and the sessions that are open. Empty `sessions` and all have expired."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.password, self.token = "geheim", "TOKEN"
        self.consumer = ("consumer-key", "consumer-secret")
        self.sessions: set[str] = set()
        self.made = 0

    def start_session(self) -> str:
        self.made += 1
        self.sessions.add(key := f"00D000000000001!{self.made:06d}")
        return key

    async def soap(self, request: Request) -> Response:
        tree = ElementTree.fromstring(await request.body())
        texts = {one.tag.rpartition("}")[2]: one.text or "" for one in tree.iter()}
        if float(request.path_params["version"]) > LAST_SOAP_LOGIN:
            return _fault("UNSUPPORTED_API_VERSION", "login() is not available in this version")
        user = self.org.rows["User"][self.org.user]["Username"]
        if (texts.get("username"), texts.get("password")) != (user, self.password + self.token):
            words = "Invalid username, password, security token; or user locked out."
            return _fault("INVALID_LOGIN", words)
        url = f"{request.url.scheme}://{request.url.netloc}/services/Soap/u/59.0/00D000000000001"
        return Response(
            '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
            ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result>'
            f"<serverUrl>{url}</serverUrl><sessionId>{self.start_session()}</sessionId>"
            f"<userId>{self.org.user}</userId>"
            "</result></loginResponse></soapenv:Body></soapenv:Envelope>",
            media_type="text/xml",
        )

    async def oauth(self, request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        key = (sent.get("client_id"), sent.get("client_secret"))
        if sent.get("grant_type") == "client_credentials":
            text = request.headers.get("authorization", "").removeprefix("Basic ")
            pair = base64.b64decode(text).decode().partition(":") if text else key
            key = (pair[0], pair[-1])
        if key != self.consumer:
            return _oauth_error("invalid_client_id", "client identifier invalid")
        user = self.org.rows["User"][self.org.user]["Username"]
        known = {self.password, self.password + self.token}
        if sent.get("grant_type") == "password" and (
            sent.get("username") != user or sent.get("password") not in known
        ):
            return _oauth_error("invalid_grant", "authentication failure")
        base = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(
            {"access_token": self.start_session(), "instance_url": base, "token_type": "Bearer"}
        )


def _oauth_error(code: str, words: str) -> Response:
    return JSONResponse({"error": code, "error_description": words}, status_code=400)


def _fault(code: str, words: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(words)}</faultstring>"
        f"<detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{escape(words)}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        status_code=500,
        media_type="text/xml",
    )
