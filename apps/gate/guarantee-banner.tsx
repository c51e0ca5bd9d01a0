import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { Symbol } from '#apps/page'
import type { Words } from '#apps/page'
import type { DeskState } from './gate-desk.ts'
import type { Texts } from './texts.ts'

/** What the gate can promise now; read aloud when it changes between connected, cut off and without its node. */
export function GuaranteeBanner(props: {
  state: DeskState
  texts: Texts
  words: Words
  nowMs: number
}): JSX.Element {
  const { state, texts, words, nowMs } = props
  const guarantee = state.view?.guarantee ?? null
  const lost = guarantee?.lost.buckets ?? 0
  const kind = state.isNodeAway ? 'away' : guarantee?.cutOffSinceMs == null ? 'mesh' : 'cut-off'
  const since = state.answeredMs === null ? '' : ` (${words.duration(nowMs - state.answeredMs)})`
  const text =
    kind === 'away'
      ? texts.guarantee.noNode(since)
      : guarantee === null
        ? texts.setup.loading
        : kind === 'mesh'
          ? texts.guarantee.mesh(guarantee)
          : texts.guarantee.cutOff(guarantee, words, nowMs)
  // Read aloud when the kind changes, not when another minute has passed.
  const spoken = useMemo(() => text, [kind, texts])
  return (
    <div class={`guarantee guarantee-${kind}`} data-testid="guarantee" data-kind={kind}>
      <Symbol name={kind === 'away' ? 'no-answer' : kind === 'mesh' ? 'mesh' : 'cut-off'} />
      <p data-testid="guarantee-text">
        {text}
        {lost > 0 && kind !== 'away' && (
          <span class="guarantee-lost"> · {texts.guarantee.lostBuckets(lost)}</span>
        )}
      </p>
      <span class="visually-hidden" role="status">
        {spoken}
      </span>
    </div>
  )
}
