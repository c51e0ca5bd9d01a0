import { sha256 } from '@noble/hashes/sha2.js'

/** Before the digits, so that scanners and people tell it from a ticket. All of it stands in QR codes' alphanumeric alphabet. */
const PREFIX = 'CK:'
/** Digits of a check that finds a digit that was typed wrong in 65,535 of 65,536 cases. */
const CHECK_DIGITS = 4

/**
 * The key of a phone (32 bytes), for a blind ticket with its seat hash (48), as it is shown, scanned and typed: `CK:`, 64 or 96
 * hexadecimal digits, and 4 that check them.
 */
export function holderKeyText(holder: Uint8Array): string {
  const digits = hexOf(holder)
  return PREFIX + digits + checkOf(digits)
}

/** True for what begins as the key of a phone. */
export function isHolderKeyText(text: string): boolean {
  return text.trim().toUpperCase().startsWith(PREFIX)
}

/**
 * Reads it, in capitals or not and with blanks or hyphens; the 64 or 96 digits alone are taken too, as `coop ticket issue`
 * takes them. Null for what is no key, or was typed wrong.
 */
export function readHolderKey(text: string): string | null {
  const digits = text.toUpperCase().replaceAll(/[\s-]/g, '').replace(/^CK:/, '')
  if (ALONE.test(digits) && !isHolderKeyText(text)) return digits.toLowerCase()
  const [holder, check] = [digits.slice(0, -CHECK_DIGITS), digits.slice(-CHECK_DIGITS)]
  return ALONE.test(holder) && checkOf(holder) === check ? holder.toLowerCase() : null
}

const ALONE: RegExp = /^(?:[0-9A-F]{64}|[0-9A-F]{96})$/

function checkOf(digits: string): string {
  return hexOf(sha256(new TextEncoder().encode(PREFIX + digits))).slice(0, CHECK_DIGITS)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (it) => it.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}
