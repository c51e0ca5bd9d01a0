import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Dialog, LanguageSwitch, Symbol, useWakeLock } from '#apps/page'
import type { Language } from '#apps/page'
import { BucketsPanel } from './buckets-panel.tsx'
import { Camera } from './camera.ts'
import type { CameraState } from './camera.ts'
import { CodeReader } from './code-reader.ts'
import { CodeField } from './code-field.tsx'
import { CountsPanel, ZoneBar } from './counts-panel.tsx'
import type { GateCalls, LogRow } from './gate-calls.ts'
import { GateDesk } from './gate-desk.ts'
import type { DeskState, GateSetup, ShownVerdict } from './gate-desk.ts'
import { GuaranteeBanner } from './guarantee-banner.tsx'
import { OverrideSheet } from './override-sheet.tsx'
import { ScanLog, UndoSheet } from './scan-log.tsx'
import { Signals } from './signals.ts'
import { say } from './texts.ts'
import type { Texts } from './texts.ts'

import { useWedge } from './use-wedge.ts'
import { lookOf } from './verdict.ts'
import { VerdictPanel } from './verdict-panel.tsx'
import type { Words } from './words.ts'

/** How long a yes covers the camera. A guess: long enough to see it from the side. A no stays until the next code. */
const YES_SHOWN_MS = 3_500

/** What lies over the page. */
type Sheet =
  | { kind: 'log' }
  | { kind: 'settings' }
  | { kind: 'undo'; row: LogRow; isFromLog: boolean }
  | { kind: 'override'; shown: ShownVerdict }

/** The screen that people at a gate look at all day. */
export function ScanScreen(props: {
  calls: GateCalls
  setup: GateSetup
  texts: Texts
  words: Words
  language: Language
  onLanguage: (language: Language) => void
  onChange: () => void
  onAccessRefused: () => void
}): JSX.Element {
  const { calls, setup, texts, words } = props
  const [state, setState] = useState<DeskState | null>(null)
  const [sheet, setSheet] = useState<Sheet | null>(null)
  const [cameraState, setCameraState] = useState<CameraState>('off')
  const [isTorchOn, setTorchOn] = useState(false)
  const [isReadingPhoto, setReadingPhoto] = useState(false)
  const [, setTaps] = useState(0)
  const video = useRef<HTMLVideoElement>(null)
  const signals = useMemo(() => new Signals(), [])
  const reader = useMemo(() => new CodeReader(), [])
  const desk = useMemo(
    () =>
      new GateDesk(calls, setup, {
        state: setState,
        verdict: (verdict) => signals.play(lookOf(verdict).tone),
      }),
    [calls, setup, signals],
  )
  const camera = useMemo(
    () =>
      new Camera(reader, { state: setCameraState, code: (text, frameMs) => void desk.seen(text, frameMs) }),
    [reader, desk],
  )
  const startCamera = (): void => {
    setTorchOn(false)
    if (video.current !== null) void camera.start(video.current)
  }
  useEffect(() => {
    desk.start()
    return () => desk.stop()
  }, [desk])
  useEffect(() => {
    startCamera()
    return () => camera.stop()
  }, [camera])
  useEffect(() => {
    // Phones take the camera away while the page is out of sight.
    const onShow = (): void => {
      if (!document.hidden && cameraState === 'off') startCamera()
    }
    document.addEventListener('visibilitychange', onShow)
    return () => document.removeEventListener('visibilitychange', onShow)
  }, [camera, cameraState])
  useEffect(() => () => reader.close(), [reader])
  useEffect(() => {
    // The first tap or key gives the page its sound.
    const unlock = (): void => {
      signals.unlock()
      setTaps((it) => it + 1)
    }
    addEventListener('pointerdown', unlock)
    addEventListener('keydown', unlock)
    return () => {
      removeEventListener('pointerdown', unlock)
      removeEventListener('keydown', unlock)
      void signals.close()
    }
  }, [signals])
  useWakeLock()
  const scan = (text: string): void => {
    setSheet(null)
    void desk.scan(text, performance.now())
  }
  useWedge(scan)
  const shown = state?.shown ?? null
  const isYes = shown !== null && shown.verdict.ok
  useEffect(() => {
    if (!isYes) return
    const timer = setTimeout(() => desk.dismiss(), YES_SHOWN_MS)
    return () => clearTimeout(timer)
  }, [shown?.key, isYes])
  useEffect(() => {
    if (state?.isAccessRefused === true) props.onAccessRefused()
  }, [state?.isAccessRefused])
  const readPhoto = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    const fromMs = performance.now()
    setReadingPhoto(true)
    const text = await reader.readPhoto(file)
    setReadingPhoto(false)
    if (text === null) desk.refusePhoto()
    else await desk.scan(text, fromMs)
  }
  const direction = state?.direction ?? 'in'
  const view = state?.view ?? null
  const zone = view?.zones.find((it) => it.zone === setup.zone) ?? null
  const classNames = new Map(view?.classes.map((it) => [it.class, it.name]))
  const spoken = shown === null ? null : say(texts, { verdict: shown.verdict, words })
  return (
    <div class={`gate gate-${direction}`}>
      <header>
        <div class="gate-head">
          <button
            type="button"
            class="gate-place"
            data-testid="settings-open"
            onClick={() => setSheet({ kind: 'settings' })}
          >
            <Symbol name="settings" />
            <span class="gate-names">
              <h1>{setup.gate}</h1>
              <span class="muted">
                {setup.zone === null ? '' : `${setup.zone} · `}
                {view?.name ?? '…'}
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
                aria-pressed={direction === it}
                data-testid={`direction-${it}`}
                onClick={() => desk.setDirection(it)}
              >
                <Symbol name={it === 'in' ? 'enter' : 'left'} />
                {it === 'in' ? texts.scan.entry : texts.scan.exit}
              </button>
            ))}
          </div>
        </div>
        {state !== null && <GuaranteeBanner state={state} texts={texts} words={words} nowMs={Date.now()} />}
      </header>
      <main class="gate-main">
        <section class={`stage ${shown === null ? '' : 'has-verdict'}`} aria-label={texts.scan.title}>
          <div class="viewfinder" data-state={cameraState}>
            <video ref={video} playsInline muted aria-hidden="true" />
            {cameraState === 'on' && <span class="reticle" aria-hidden="true" />}
          </div>
          {shown === null && cameraState !== 'on' && (
            <CameraOff state={cameraState} texts={texts} onStart={startCamera} />
          )}
          {shown === null && cameraState === 'on' && state?.isChecking !== true && (
            <p class="aim">{direction === 'in' ? texts.scan.aim : texts.scan.exitMode}</p>
          )}
          {(state?.isChecking === true || isReadingPhoto) && (
            <p class="checking" data-testid="checking">
              {isReadingPhoto ? texts.scan.photoReading : texts.scan.checking}
            </p>
          )}
          {shown === null && cameraState === 'on' && camera.hasTorch && (
            <button
              type="button"
              class="stage-button torch"
              aria-pressed={isTorchOn}
              data-testid="torch"
              onClick={() => {
                setTorchOn(!isTorchOn)
                void camera.setTorch(!isTorchOn).catch(() => setTorchOn(false))
              }}
            >
              <Symbol name="torch" />
              {texts.scan.torch}
            </button>
          )}
          {shown === null && !signals.isAudible && cameraState === 'on' && (
            <button type="button" class="stage-button sound" onClick={() => signals.unlock()}>
              <Symbol name="sound" />
              {texts.scan.soundTap}
            </button>
          )}
          {shown !== null && (
            <VerdictPanel
              shown={shown}
              texts={texts}
              words={words}
              onOverride={
                shown.verdict.ok || shown.text === null || lookOf(shown.verdict).tone === 'lost'
                  ? null
                  : () => setSheet({ kind: 'override', shown })
              }
              onDismiss={() => desk.dismiss()}
            />
          )}
          <div class="visually-hidden" role="alert" data-testid="spoken">
            {spoken !== null && `${spoken.title}. ${spoken.why} ${spoken.todo}`}
          </div>
        </section>
        <section class="controls">
          <CodeField
            texts={texts}
            onCode={(code) => scan(code)}
            onTooLong={(length) => desk.refuseLength(length)}
          />
          <div class="tools">
            <label class="button tool">
              <Symbol name="camera" />
              {texts.scan.photo}
              <input
                type="file"
                accept="image/*"
                capture="environment"
                class="visually-hidden"
                data-testid="photo"
                onChange={(event) => {
                  void readPhoto(event.currentTarget.files?.[0])
                  event.currentTarget.value = ''
                }}
              />
            </label>
            <button
              type="button"
              class="button tool tool-log"
              data-testid="log-open"
              onClick={() => {
                void desk.refreshLog()
                setSheet({ kind: 'log' })
              }}
            >
              <Symbol name="list" />
              {texts.log.open}
            </button>
          </div>
          {view !== null && (
            <div class="strip" data-testid="strip">
              <span>
                {texts.counts.admitted} <b data-testid="strip-admitted">{words.count(view.stats.admitted)}</b>
              </span>
              {zone === null ? (
                <span>
                  {texts.counts.inside} <b>{words.count(view.stats.inside)}</b>
                </span>
              ) : (
                <ZoneBar zone={zone} texts={texts} words={words} />
              )}
            </div>
          )}
        </section>
        <aside class="side">
          {view !== null && <CountsPanel view={view} texts={texts} words={words} />}
          <section class="side-log">
            <h2>{texts.log.title}</h2>
            <ScanLog
              rows={state?.log ?? []}
              zone={setup.zone}
              classNames={classNames}
              texts={texts}
              words={words}
              onUndo={(row) => setSheet({ kind: 'undo', row, isFromLog: false })}
            />
          </section>
        </aside>
      </main>
      {sheet?.kind === 'log' && (
        <Dialog
          title={texts.log.title}
          closeLabel={texts.log.close}
          testId="log-sheet"
          onClose={() => setSheet(null)}
        >
          {view !== null && <CountsPanel view={view} texts={texts} words={words} />}
          <ScanLog
            rows={state?.log ?? []}
            zone={setup.zone}
            classNames={classNames}
            texts={texts}
            words={words}
            onUndo={(row) => setSheet({ kind: 'undo', row, isFromLog: true })}
          />
        </Dialog>
      )}
      {sheet?.kind === 'undo' && (
        <UndoSheet
          row={sheet.row}
          texts={texts}
          words={words}
          undo={(admission, reason, id) => desk.undo(admission, reason, id)}
          onDone={() => setSheet(sheet.isFromLog ? { kind: 'log' } : null)}
          onClose={() => setSheet(null)}
        />
      )}
      {sheet?.kind === 'override' && (
        <OverrideSheet
          texts={texts}
          refusal={refusalOf(sheet.shown, texts, words)}
          onOverride={(reason) => {
            setSheet(null)
            if (sheet.shown.text !== null) void desk.scan(sheet.shown.text, performance.now(), { reason })
          }}
          onClose={() => setSheet(null)}
        />
      )}
      {sheet?.kind === 'settings' && (
        <Dialog
          title={texts.scan.settings}
          closeLabel={texts.log.close}
          testId="settings"
          onClose={() => setSheet(null)}
        >
          <div class="field">
            <span class="field-title">{texts.scan.language}</span>
            <LanguageSwitch
              label={texts.scan.language}
              language={props.language}
              onLanguage={props.onLanguage}
            />
          </div>
          {view !== null && <BucketsPanel view={view} calls={calls} texts={texts} words={words} />}
          <button
            type="button"
            class="button button-wide button-tall"
            data-testid="setup-change"
            onClick={props.onChange}
          >
            {texts.scan.change}
          </button>
        </Dialog>
      )}
    </div>
  )
}

function refusalOf({ verdict }: ShownVerdict, texts: Texts, words: Words): string {
  const { title, why } = say(texts, { verdict, words })
  return why === '' ? title : `${title}: ${why}`
}

function CameraOff(props: { state: CameraState; texts: Texts; onStart: () => void }): JSX.Element | null {
  const { scan } = props.texts
  if (props.state === 'starting') return null
  const text =
    props.state === 'insecure'
      ? scan.cameraInsecure
      : props.state === 'refused'
        ? scan.cameraRefused
        : scan.cameraOff
  return (
    <div class="camera-off" data-testid="camera-off">
      <Symbol name="camera" />
      <p>{text}</p>
      {props.state !== 'insecure' && (
        <button type="button" class="button" data-testid="camera-start" onClick={props.onStart}>
          {scan.cameraStart}
        </button>
      )}
    </div>
  )
}
