import { encodeUtf8 } from 'lib0/string'

/**
 * Longest name of a directory entry, in bytes of UTF-8: 255 UTF-16 units of three bytes each, the most that NTFS and
 * APFS hold (ext4 stops at 255 bytes). Keeps a shard of 256 links under 220 KiB.
 */
export const ENTRY_NAME_BYTES_MAX = 765

/**
 * Whether a text may name an entry of a directory: it is not empty, not `.` or `..`, has no `/`, backslash or NUL, no
 * unpaired surrogate, no leading byte order mark (decoders drop it), and at most {@link ENTRY_NAME_BYTES_MAX} bytes.
 */
export function isEntryName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false
  if (/[/\\\0]/.test(name) || name.startsWith('\uFEFF') || !name.isWellFormed()) return false
  return name.length <= ENTRY_NAME_BYTES_MAX && encodeUtf8(name).length <= ENTRY_NAME_BYTES_MAX
}
