import type { JSX } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import { Camera } from './camera.ts'
import type { CameraState } from './camera.ts'
import { CodeReader } from './code-reader.ts'
import { Dialog } from './dialog.tsx'
import type { Language } from './language.ts'
import { Symbol } from './symbol.tsx'
import { useWedge } from './use-wedge.ts'

const TEXTS = {
  en: {
    scan: 'Scan',
    title: 'Scan a code',
    aim: 'Hold the code into the picture.',
    close: 'Close',
    noCamera:
      'There is no camera for this page: it is closed, or the page is not on https. Take a photo of the code instead.',
    photo: 'Take a photo',
    noCode: 'There is no code in this photo. Take another one, closer and sharp.',
  },
  de: {
    scan: 'Scannen',
    title: 'Code scannen',
    aim: 'Den Code ins Bild halten.',
    close: 'Schließen',
    noCamera:
      'Für diese Seite gibt es keine Kamera: sie ist gesperrt, oder die Seite läuft nicht über https. Stattdessen ein Foto des Codes aufnehmen.',
    photo: 'Foto aufnehmen',
    noCode: 'Auf diesem Foto ist kein Code. Noch eines machen, näher und scharf.',
  },
} as const

/** Longest text that is taken: the longest code has 323 characters. */
const LENGTH_MAX = 1_000

/** A line for a code: typed, pasted, from a scanner that types, from the camera, or from a photo. */
export function ScanField(props: {
  language: Language
  label: string
  hint: string
  value: string
  /** What is wrong with it, as a sentence. */
  problem: string | null
  onValue: (text: string) => void
  /** True for what a scanner that types may put here; another field of the page takes the rest. */
  accepts: (text: string) => boolean
  testId: string
}): JSX.Element {
  const { problem, onValue, accepts } = props
  const texts = TEXTS[props.language]
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  useWedge((text) => {
    if (accepts(text)) onValue(text)
  })
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="scan-line">
        <input
          id={id}
          class="code-input"
          type="text"
          required
          autoComplete="off"
          autoCapitalize="characters"
          autoCorrect="off"
          spellcheck={false}
          maxLength={LENGTH_MAX}
          value={props.value}
          aria-describedby={`${id}-hint ${id}-problem`}
          {...(problem === null ? {} : { 'aria-invalid': true })}
          data-testid={props.testId}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        <button
          type="button"
          class="button"
          data-testid={`${props.testId}-scan`}
          onClick={() => setOpen(true)}
        >
          <Symbol name="camera" />
          {texts.scan}
        </button>
      </div>
      <p class="hint" id={`${id}-hint`}>
        {props.hint}
      </p>
      <div role="alert" class="field-problem">
        {problem !== null && <p id={`${id}-problem`}>{problem}</p>}
      </div>
      {isOpen && (
        <CameraSheet
          texts={texts}
          onText={(text) => {
            setOpen(false)
            onValue(text)
          }}
          onClose={() => setOpen(false)}
        />
      )}
    </div>
  )
}

function CameraSheet(props: {
  texts: Readonly<Record<keyof (typeof TEXTS)['en'], string>>
  onText: (text: string) => void
  onClose: () => void
}): JSX.Element {
  const { texts } = props
  const [state, setState] = useState<CameraState>('starting')
  const [isEmpty, setEmpty] = useState(false)
  const video = useRef<HTMLVideoElement>(null)
  const onText = useRef(props.onText)
  onText.current = props.onText
  const reader = useMemo(() => new CodeReader(), [])
  useEffect(() => {
    const camera = new Camera(reader, { state: setState, code: (text) => onText.current(text) })
    if (video.current !== null) void camera.start(video.current)
    return () => {
      camera.stop()
      reader.close()
    }
  }, [reader])
  const readPhoto = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    const text = await reader.readPhoto(file)
    setEmpty(text === null)
    if (text !== null) onText.current(text)
  }
  const isOff = state !== 'on' && state !== 'starting'
  return (
    <Dialog title={texts.title} closeLabel={texts.close} testId="camera-sheet" onClose={props.onClose}>
      <video ref={video} class="scan-video" playsInline muted aria-hidden="true" hidden={isOff} />
      <p>{isOff ? texts.noCamera : texts.aim}</p>
      <div role="alert">{isEmpty && <p class="note note-warning">{texts.noCode}</p>}</div>
      <label class="button scan-photo">
        <Symbol name="camera" />
        {texts.photo}
        <input
          type="file"
          accept="image/*"
          capture="environment"
          class="visually-hidden"
          data-testid="scan-photo"
          onChange={(event) => void readPhoto(event.currentTarget.files?.[0])}
        />
      </label>
    </Dialog>
  )
}
