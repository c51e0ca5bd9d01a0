import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Symbol } from '#apps/page'
import type { Camera, CameraState, Words } from '#apps/page'
import type { ShownVerdict } from './gate-desk.ts'
import { say } from './texts.ts'
import type { Texts } from './texts.ts'
import type { GateParts } from './use-gate.ts'
import { VerdictPanel } from './verdict-panel.tsx'

const FETCH = { fetch: true } as const

/** The camera's picture, and over it the verdict. */
export function Stage(props: {
  gate: GateParts
  texts: Texts
  words: Words
  onOverride: (shown: ShownVerdict) => void
}): JSX.Element {
  const { gate, texts, words } = props
  const { state, camera, cameraState, signals } = gate
  const shown = state?.shown ?? null
  const isChecking = state?.isChecking === true
  const isAiming = shown === null && cameraState === 'on'
  const spoken = shown === null ? null : say(texts, { verdict: shown.verdict, words })
  // Somebody is let in by an override with a ticket that the node could read, and with no other code.
  const isFinal = shown === null || shown.verdict.ok || shown.text === null || shown.verdict.ticket === null
  const isFetchable = shown?.verdict.verdict === 'wrong-group' && shown.verdict.params['reachable'] === true
  const fetchable = isFetchable ? shown.text : null
  return (
    <section class={`stage ${shown === null ? '' : 'has-verdict'}`} aria-label={texts.scan.title}>
      <div class="viewfinder" data-state={cameraState}>
        <video ref={gate.video} playsInline muted aria-hidden="true" />
        {cameraState === 'on' && <span class="reticle" aria-hidden="true" />}
      </div>
      {shown === null && cameraState !== 'on' && (
        <CameraOff state={cameraState} texts={texts} onStart={gate.startCamera} />
      )}
      {isAiming && !isChecking && (
        <p class="aim">{state?.direction === 'out' ? texts.scan.exitMode : texts.scan.aim}</p>
      )}
      {(isChecking || gate.isReadingPhoto) && (
        <p class="checking" data-testid="checking">
          {gate.isReadingPhoto ? texts.scan.photoReading : texts.scan.checking}
        </p>
      )}
      {isAiming && camera.hasTorch && <Torch camera={camera} label={texts.scan.torch} />}
      {isAiming && !signals.isAudible && (
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
          onOverride={isFinal ? null : () => props.onOverride(shown)}
          onFetch={fetchable === null ? null : () => void gate.desk.scan(fetchable, performance.now(), FETCH)}
          onDismiss={() => gate.desk.dismiss()}
        />
      )}
      <div class="visually-hidden" role="alert" data-testid="spoken">
        {spoken !== null && `${spoken.title}. ${spoken.why} ${spoken.todo}`}
      </div>
    </section>
  )
}

function Torch(props: { camera: Camera; label: string }): JSX.Element {
  const { camera } = props
  const [isOn, setOn] = useState(camera.isTorchOn)
  // The button comes and goes with verdicts; the light stays as it was.
  useEffect(() => setOn(camera.isTorchOn), [camera])
  return (
    <button
      type="button"
      class="stage-button torch"
      aria-pressed={isOn}
      data-testid="torch"
      onClick={() => {
        setOn(!isOn)
        camera.setTorch(!isOn).catch(() => setOn(false))
      }}
    >
      <Symbol name="torch" />
      {props.label}
    </button>
  )
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
