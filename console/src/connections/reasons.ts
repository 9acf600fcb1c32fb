// Why a client left or was turned away, in words. The codes are AWS's, or the front door's counters of refusals.

const WORDS: Record<string, string> = {
  AUTH_ERROR: "lost its right to be connected",
  CLIENT_INITIATED_DISCONNECT: "said good-bye",
  CLIENT_ERROR: "broke the protocol or a limit",
  CONNECTION_LOST: "the connection broke",
  DUPLICATE_CLIENTID: "another one came with its client id",
  FORBIDDEN_ACCESS: "is not allowed from there",
  MQTT_KEEP_ALIVE_TIMEOUT: "was silent for too long",
  SERVER_ERROR: "a part of the server failed",
  SERVER_INITIATED_DISCONNECT: "the server stopped",
  API_INITIATED_DISCONNECT: "was disconnected by an operator",
  THROTTLED: "sent more than it may",
  WEBSOCKET_TTL_EXPIRATION: "its WebSocket had lived for as long as it may",
  CUSTOMAUTH_TTL_EXPIRATION: "its permission ran out",
  connections_max: "too many are connected",
  per_address_max: "too many from its address",
  handshake: "TLS came to nothing",
  unknown_certificate: "its certificate is not registered",
  inactive_certificate: "its certificate is switched off or revoked",
  expired_certificate: "its certificate has expired",
  no_certificate: "it showed no certificate",
  just_in_time: "its certificate was only now registered, or could not be",
  alpn: "it asked for another protocol",
  web_socket: "it is no proper WebSocket",
  signature: "its signature is wrong",
  silent: "it sent no CONNECT in time",
  malformed_connect: "its CONNECT is malformed",
  client_id: "its client id is not acceptable",
  not_authorized: "no policy lets it connect",
  bad_credentials: "user name or password is wrong",
  throttled: "it came too often",
  sessions_max: "too many sessions are kept",
};

/** The reason in words; as it is when it has none yet. */
export function reasonWords(reason: string | null): string {
  return reason === null ? "" : (WORDS[reason] ?? reason.toLowerCase().replaceAll("_", " "));
}
