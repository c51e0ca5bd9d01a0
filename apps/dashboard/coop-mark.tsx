import type { JSX } from 'preact'

const CORNERS = [0, 1, 2, 3, 4, 5].map((at) => {
  const angle = (at / 6) * 2 * Math.PI - Math.PI / 2
  return { x: 20 + 13 * Math.cos(angle), y: 20 + 13 * Math.sin(angle) }
})
const PAIRS = CORNERS.flatMap((a, at) => CORNERS.slice(at + 1).map((b) => [a, b] as const))

/** A small mesh drawn from the co-op's id, in one of six colours: members see that they look at the same co-op. */
export function CoopMark({ coop }: { coop: string }): JSX.Element {
  const bits = Number.parseInt(coop.slice(0, 4), 16)
  const tint = Number.parseInt(coop.slice(4, 6), 16) % 6
  const lines = PAIRS.filter((_, at) => ((bits >> at) & 1) === 1)
  return (
    <svg class={`mark tint-${tint}`} viewBox="0 0 40 40" aria-hidden="true" focusable="false">
      <rect width="40" height="40" rx="11" />
      {lines.map(([a, b]) => (
        <line key={`${a.x},${a.y},${b.x},${b.y}`} x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
      ))}
      {CORNERS.map(({ x, y }) => (
        <circle key={`${x},${y}`} cx={x} cy={y} r="3" />
      ))}
    </svg>
  )
}
