import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { qrPath } from '#apps/kit'

/** A QR code of `text`, black on white in dark mode too, for phones that cannot read the reverse. */
export function QrCode(props: { text: string; label: string; isForPaper?: boolean }): JSX.Element {
  const { text, label, isForPaper = false } = props
  const { path, size } = useMemo(() => qrPath(text, isForPaper ? 'M' : 'L'), [text, isForPaper])
  return (
    <svg
      class={isForPaper ? 'kit-code' : 'qr'}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} />
      <path d={path} />
    </svg>
  )
}
