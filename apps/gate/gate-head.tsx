import type { JSX } from 'preact'
import { Symbol } from '#apps/page'
import type { Words } from '#apps/page'
import type { DeskState, GateSetup } from './gate-desk.ts'
import { GuaranteeBanner } from './guarantee-banner.tsx'
import type { Texts } from './texts.ts'

/** Where this gate is, which way people go, and what it can promise. */
export function GateHead(props: {
  state: DeskState | null
  setup: GateSetup
  texts: Texts
  words: Words
  onSettings: () => void
  onDirection: (direction: 'in' | 'out') => void
}): JSX.Element {
  const { state, setup, texts, words } = props
  return (
    <header>
      <div class="gate-head">
        <button type="button" class="gate-place" data-testid="settings-open" onClick={props.onSettings}>
          <Symbol name="settings" />
          <span class="gate-names">
            <h1>{setup.gate}</h1>
            <span class="muted">
              {setup.zone === null ? '' : `${setup.zone} · `}
              {state?.view?.name ?? '…'}
            </span>
          </span>
          <span class="visually-hidden">{texts.scan.settings}</span>
        </button>
        <div class="segments" role="group" aria-label={texts.scan.direction}>
          {(['in', 'out'] as const).map((it) => (
            <button
              key={it}
              type="button"
              class="segment"
              aria-pressed={(state?.direction ?? 'in') === it}
              data-testid={`direction-${it}`}
              onClick={() => props.onDirection(it)}
            >
              <Symbol name={it === 'in' ? 'enter' : 'left'} />
              {it === 'in' ? texts.scan.entry : texts.scan.exit}
            </button>
          ))}
        </div>
      </div>
      {state !== null && <GuaranteeBanner state={state} texts={texts} words={words} nowMs={Date.now()} />}
    </header>
  )
}
