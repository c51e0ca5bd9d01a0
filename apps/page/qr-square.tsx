import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { qrPath } from '#apps/kit'

/**
 * A QR code of `text`, black on white in dark mode too. `ecc`: `L` for what is only shown on a screen, `M` for what is
 * printed.
 */
export function QrSquare(props: { text: string; label: string; ecc: 'L' | 'M' }): JSX.Element {
  const { text, label, ecc } = props
  const { path, size } = useMemo(() => qrPath(text, ecc), [text, ecc])
  return (
    <svg
      class="qr-square"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  )
}
