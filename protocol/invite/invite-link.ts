import { base64url } from 'multiformats/bases/base64'
import { decodeCanonical, encodeCanonical, isBytes, isCount } from '../encoding/index.ts'

/** Bytes of an invite's secret: 2^128 guesses, and short enough for a QR code. */
export const INVITE_SECRET_BYTES = 16
/** Addresses in one link; more would not fit a QR code that phones read. */
export const INVITE_ADDRESSES_MAX = 6
/** Longest link that is looked at, in characters. */
export const INVITE_LINK_LENGTH_MAX = 2_048

/** What an invite link holds. Whoever has it can use it: it is a secret until it is used. */
export interface InviteLink {
  /** Co-op id, 32 bytes. */
  coop: Uint8Array
  /** One-time secret. */
  secret: Uint8Array
  /** Key of the device that issued it and that admits, 32 bytes. */
  issuer: Uint8Array
  /** For show; the admitting device decides by its own clock. */
  expiresMs: number
  /** Addresses of the issuer, as multiaddr text without the peer id. */
  addresses: string[]
}

/** A parsed link, or why it is none. */
export type InviteLinkResult =
  | { ok: true; link: InviteLink }
  | { ok: false; refusal: 'link-scheme' | 'link-encoding' | 'link-shape' | 'link-version' }

const SCHEME = 'coop://join/'

/** The `coop://join/…` text of an invite. Addresses beyond what a link may hold are left out, the last first. */
export function formatInviteLink(link: InviteLink): string {
  const addresses = link.addresses.slice(0, INVITE_ADDRESSES_MAX)
  const format = (): string => {
    const fields = [1, link.coop, link.secret, link.issuer, link.expiresMs, addresses]
    return SCHEME + base64url.baseEncode(encodeCanonical(fields))
  }
  while (addresses.length > 0 && format().length > INVITE_LINK_LENGTH_MAX) addresses.pop()
  return format()
}

/** Reads a pasted link; blanks around it and line breaks inside it are forgiven. Never throws. */
export function parseInviteLink(text: string): InviteLinkResult {
  const compact = text.length > INVITE_LINK_LENGTH_MAX ? '' : text.replaceAll(/\s/g, '')
  if (!compact.startsWith(SCHEME)) return { ok: false, refusal: 'link-scheme' }
  const body = compact.slice(SCHEME.length)
  if (!/^[A-Za-z0-9_-]+$/.test(body)) return { ok: false, refusal: 'link-encoding' }
  const bytes = decodeBase64url(body)
  const decoded = bytes === null ? null : decodeCanonical(bytes)
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return { ok: false, refusal: 'link-encoding' }
  const [version, coop, secret, issuer, expiresMs, addresses, ...rest] = decoded.value
  if (version !== 1) return { ok: false, refusal: isCount(version) ? 'link-version' : 'link-shape' }
  if (
    !isBytes(coop, 32) ||
    !isBytes(secret, INVITE_SECRET_BYTES) ||
    !isBytes(issuer, 32) ||
    rest.length > 0
  ) {
    return { ok: false, refusal: 'link-shape' }
  }
  if (!isCount(expiresMs) || !Array.isArray(addresses) || addresses.length > INVITE_ADDRESSES_MAX) {
    return { ok: false, refusal: 'link-shape' }
  }
  const texts = addresses.filter((address) => typeof address === 'string')
  if (texts.length !== addresses.length) return { ok: false, refusal: 'link-shape' }
  return { ok: true, link: { coop, secret, issuer, expiresMs, addresses: texts } }
}

function decodeBase64url(text: string): Uint8Array | null {
  try {
    return base64url.baseDecode(text)
  } catch {
    return null // bits left over: a cut link
  }
}
