import { timingSafeEqual } from 'node:crypto'

/** Hosts that a browser may use for this node: names of loopback, against DNS rebinding. */
export function isAllowedHost(host: string | undefined, port: number): boolean {
  return host !== undefined && ALLOWED_NAMES.some((name) => host === `${name}:${port}`)
}

/** True for requests without Origin (not from a page of another site) and for our own page's. */
export function isAllowedOrigin(origin: string | undefined, port: number): boolean {
  return origin === undefined || ALLOWED_NAMES.some((name) => origin === `http://${name}:${port}`)
}

/** Compares tokens in constant time. */
export function isToken(given: string | undefined, token: string): boolean {
  if (given === undefined) return false
  const a = Buffer.from(given)
  const b = Buffer.from(token)
  return a.length === b.length && timingSafeEqual(a, b)
}

const ALLOWED_NAMES = ['127.0.0.1', 'localhost', '[::1]']
