import { encodeQR } from 'qr'

/** Blank modules around the code that the QR standard asks for. */
const QUIET_MODULES = 4

const LEVELS = { L: 'low', M: 'medium' } as const

/**
 * The dark modules of a QR code as the path of an SVG, and the length of its side in modules. `ecc`: how much may be
 * dirty or torn, `L` for screens (7 %), `M` for paper (15 %).
 */
export function qrPath(text: string, ecc: 'L' | 'M'): { path: string; size: number } {
  const rows = encodeQR(text, 'raw', { ecc: LEVELS[ecc], border: QUIET_MODULES })
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return { path: dark.join(''), size: rows.length }
}
