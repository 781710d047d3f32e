// Shows the document, and lets a signed-in browser try it: calls that change something carry the session's CSRF token.
"use strict";

let csrfToken;

async function fetchCsrfToken() {
  const answer = await fetch("/api/v1/auth/me");
  return answer.ok ? (await answer.json()).csrf_token : null;
}

async function addCsrfToken(request) {
  const safe = ["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase());
  if (!safe && !request.headers.Authorization) {
    csrfToken ??= await fetchCsrfToken();
    if (csrfToken) {
      request.headers["X-CSRF-Token"] = csrfToken;
    }
  }
  return request;
}

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  requestInterceptor: addCsrfToken,
  // Else the page asks a foreign host whether the document is valid.
  validatorUrl: null,
});
