"""Logging in at a provider of OpenID Connect: authorization code with PKCE, state and nonce.

``settings`` is what the installation says, ``provider`` what is asked of the provider, ``id_tokens`` who a token says somebody is,
``login`` the way there and back. https://openid.net/specs/openid-connect-core-1_0.html,
https://datatracker.ietf.org/doc/html/rfc9700
"""
