import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useWakeLock, useWedge } from '#apps/page'
import type { Language, Words } from '#apps/page'
import { Controls } from './controls.tsx'
import { CountsPanel } from './counts-panel.tsx'
import type { GateCalls } from './gate-calls.ts'
import type { GateSetup } from './gate-desk.ts'
import { GateHead } from './gate-head.tsx'
import { ScanLog } from './scan-log.tsx'
import { OpenSheet } from './sheets.tsx'
import type { Sheet } from './sheets.tsx'
import { Stage } from './stage.tsx'
import type { Texts } from './texts.ts'
import { useGate } from './use-gate.ts'

/** The screen that people at a gate look at all day. */
export function ScanScreen(props: {
  calls: GateCalls
  setup: GateSetup
  /** To the other pages of the node. */
  links: JSX.Element
  texts: Texts
  words: Words
  language: Language
  onLanguage: (language: Language) => void
  onChange: () => void
  onAccessRefused: () => void
}): JSX.Element {
  const { calls, setup, texts, words } = props
  const [sheet, setSheet] = useState<Sheet | null>(null)
  const gate = useGate(calls, setup)
  const { desk, state } = gate
  const view = state?.view ?? null
  useWakeLock()
  useEffect(() => {
    if (state?.isAccessRefused === true) props.onAccessRefused()
  }, [state?.isAccessRefused])
  const scan = (text: string): void => {
    setSheet(null)
    void desk.scan(text, performance.now())
  }
  useWedge(scan)
  const classNames = new Map(view?.classes.map((it) => [it.class, it.name]))
  const log = (isFromLog: boolean): JSX.Element => (
    <ScanLog
      rows={state?.log ?? []}
      zone={setup.zone}
      classNames={classNames}
      texts={texts}
      words={words}
      onUndo={(row) => setSheet({ kind: 'undo', row, isFromLog })}
    />
  )
  return (
    <div class={`gate gate-${state?.direction ?? 'in'}`}>
      <GateHead
        state={state}
        setup={setup}
        texts={texts}
        words={words}
        onSettings={() => setSheet({ kind: 'settings' })}
        onDirection={(direction) => desk.setDirection(direction)}
      />
      <main class="gate-main">
        <Stage
          gate={gate}
          texts={texts}
          words={words}
          onOverride={(shown) => setSheet({ kind: 'override', shown })}
        />
        <Controls
          view={view}
          zone={setup.zone}
          texts={texts}
          words={words}
          onCode={scan}
          onTooLong={(length) => desk.refuseLength(length)}
          onPhoto={(file) => void gate.readPhoto(file)}
          onLog={() => {
            void desk.refreshLog()
            setSheet({ kind: 'log' })
          }}
        />
        <aside class="side">
          {view !== null && <CountsPanel view={view} texts={texts} words={words} />}
          <section class="side-log">
            <h2>{texts.log.title}</h2>
            {log(false)}
          </section>
        </aside>
      </main>
      {sheet !== null && (
        <OpenSheet
          {...{ sheet, view, calls, desk, texts, words, log }}
          language={props.language}
          links={props.links}
          onLanguage={props.onLanguage}
          onChange={props.onChange}
          onSheet={setSheet}
        />
      )}
    </div>
  )
}
