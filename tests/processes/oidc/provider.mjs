// A provider of OpenID Connect: `node provider.mjs PORT REDIRECT_URI`. Whoever gives a name is that one; the name says which groups
// one is in ("ana+buyers+admins").
import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "stepwright",
      client_secret: "s3cret/+ %",
      redirect_uris: [redirect],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  scopes: ["openid", "email", "groups"],
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, groups: id.split("+").slice(1), email: `${id}@example.com`, email_verified: false }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("serves"));
