import type { JSX } from 'preact'
import { Dialog, LanguageSwitch } from '#apps/page'
import type { EventView, Language, Words } from '#apps/page'
import { BucketsPanel } from './buckets-panel.tsx'
import { CountsPanel } from './counts-panel.tsx'
import type { GateCalls, LogRow } from './gate-calls.ts'
import type { GateDesk, ShownVerdict } from './gate-desk.ts'
import { OverrideSheet } from './override-sheet.tsx'
import { UndoSheet } from './scan-log.tsx'
import { say } from './texts.ts'
import type { Texts } from './texts.ts'

/** What lies over the page. `isFromLog`: where it goes back to. */
export type Sheet =
  | { kind: 'log' }
  | { kind: 'settings' }
  | { kind: 'undo'; row: LogRow; isFromLog: boolean }
  | { kind: 'override'; shown: ShownVerdict }

/** The sheet that is open. */
export function OpenSheet(props: {
  sheet: Sheet
  view: EventView | null
  calls: GateCalls
  desk: GateDesk
  texts: Texts
  words: Words
  language: Language
  links: JSX.Element
  /** The list of scans, for a sheet that shows it. */
  log: (isFromLog: boolean) => JSX.Element
  onLanguage: (language: Language) => void
  onChange: () => void
  onSheet: (sheet: Sheet | null) => void
}): JSX.Element {
  const { sheet, view, desk, texts, words, onSheet } = props
  const close = (): void => onSheet(null)
  switch (sheet.kind) {
    case 'log':
      return (
        <Dialog title={texts.log.title} closeLabel={texts.log.close} testId="log-sheet" onClose={close}>
          {view !== null && <CountsPanel view={view} texts={texts} words={words} />}
          {props.log(true)}
        </Dialog>
      )
    case 'undo':
      return (
        <UndoSheet
          row={sheet.row}
          texts={texts}
          words={words}
          undo={(admission, reason, id) => desk.undo(admission, reason, id)}
          onDone={() => onSheet(sheet.isFromLog ? { kind: 'log' } : null)}
          onClose={close}
        />
      )
    case 'override':
      return (
        <OverrideSheet
          texts={texts}
          refusal={refusalOf(sheet.shown, texts, words)}
          onOverride={(reason) => {
            close()
            if (sheet.shown.text !== null)
              void desk.scan(sheet.shown.text, performance.now(), { override: { reason } })
          }}
          onClose={close}
        />
      )
    case 'settings':
      return (
        <Dialog title={texts.scan.settings} closeLabel={texts.log.close} testId="settings" onClose={close}>
          <div class="field">
            <span class="field-title">{texts.scan.language}</span>
            <LanguageSwitch
              label={texts.scan.language}
              language={props.language}
              onLanguage={props.onLanguage}
            />
          </div>
          {view !== null && <BucketsPanel view={view} calls={props.calls} texts={texts} words={words} />}
          <button
            type="button"
            class="button button-wide button-tall"
            data-testid="setup-change"
            onClick={props.onChange}
          >
            {texts.scan.change}
          </button>
          {props.links}
        </Dialog>
      )
  }
}

function refusalOf({ verdict }: ShownVerdict, texts: Texts, words: Words): string {
  const { title, why } = say(texts, { verdict, words })
  return why === '' ? title : `${title}: ${why}`
}
