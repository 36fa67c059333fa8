/** Die Sätze der Seite auf Deutsch. */

import type { Language, Length } from "./en";

const UNITS = { second: ["eine Sekunde", "Sekunden"], minute: ["eine Minute", "Minuten"] } as const;

function length({ count, unit }: Length): string {
  return count === 1 ? UNITS[unit][0] : `${count} ${UNITS[unit][1]}`;
}

const KINDS = "JPEG, PNG, WebP, HEIC oder AVIF";

export const de: Language = {
  intakeHeading: "Leg ein Foto in die Schale",
  intakeExplained: "Darkroom macht daraus ein neues Bild und zeigt dir jeden Schritt.",
  letGo: "Loslassen, dann geht es los",
  choosePhoto: "Foto wählen",
  takePhoto: "Foto aufnehmen",
  chooseAnother: "Anderes Foto wählen",
  newPhoto: "Neues Foto",
  limits: (most) => `${KINDS}, bis ${most}.`,
  dropOrPaste: "Fotos und Ordner kannst du auch irgendwo auf diese Seite ziehen oder einfügen.",
  whatHappens: "Was geschieht mit meinem Foto?",
  whatHappensExplained: [
    "Es geht an dieses Darkroom. Alle Metadaten, etwa der Ort der Aufnahme, werden entfernt.",
    "Ein Bildmodell macht das neue Bild. Hat der Betreiber Gemini gewählt, einen Dienst von Google, geht eine Kopie ohne Metadaten dorthin.",
    "Nur dieser Browser kann dir das Foto und sein Bild zeigen. Wer dieses Darkroom betreut, kommt an das Gespeicherte heran.",
    "Beides bleibt, bis du es löschst: Öffne einen Auftrag und drücke „Mein Foto löschen“.",
  ],

  close: "Schließen",
  tryAgain: "Noch einmal versuchen",
  cancel: "Abbrechen",
  stop: "Anhalten",
  save: "Vorschau sichern",
  share: "Teilen",
  notShared: "Das Bild war für eine andere App nicht zu bekommen. Speichere es und teile die Datei.",
  copyId: "Nummer kopieren",
  copied: "Kopiert",
  notify: "Sag mir, wenn es fertig ist",
  willNotify: "Du bekommst Bescheid, wenn es fertig ist.",
  mayNotNotify: "Dieser Browser lässt diese Seite nicht Bescheid geben.",

  goesOnWithout: "Dein Auftrag läuft auch ohne diese Seite weiter.",
  tryingNow: "Es wird gerade versucht.",
  triedAgain: (seconds) => (seconds === 0 ? "Es wird jetzt wieder versucht." : `Nächster Versuch in ${seconds} s.`),
  tryNow: "Jetzt versuchen",

  empty: `Diese Datei ist leer. Bitte wähle ein Foto: ${KINDS}.`,
  noPhoto: `Diese Datei ist kein Foto in ${KINDS}. Bitte wähle ein anderes.`,
  tooLarge: (size, most) => `Dieses Foto hat ${size}, höchstens ${most} sind möglich. Bitte wähle ein kleineres.`,
  folderEmpty: "In diesem Ordner ist kein Foto.",
  folderTooLarge: (most) =>
    `Es werden höchstens ${most} Fotos auf einmal angenommen. Zieh den Rest dieses Ordners danach hierher.`,
  notReadable: "Diese Datei ist nicht lesbar. Bitte sieh nach, ob sie noch da ist.",
  noneTaken: (count) => `Keine dieser ${count} Dateien wurde angenommen:`,

  sendingHeading: "Dein Foto wird gesendet",
  sending: "Senden",
  sent: "Gesendet",
  keepPageOpen: "Bitte lass diese Seite offen, bis alles angekommen ist.",
  stopSending: "Nicht weiter senden",
  waitsToBeSent: "wartet auf das Senden",
  notSentYet: "Noch nicht gesendet",
  sendAgain: "Noch einmal senden",
  doNotSend: "Nicht senden",
  left: (count) =>
    count === 1
      ? "Ein Foto war noch nicht gesendet, als diese Seite geschlossen wurde. Dieser Browser hat es aufgehoben."
      : `${count} Fotos waren noch nicht gesendet, als diese Seite geschlossen wurde. Dieser Browser hat sie aufgehoben.`,
  sendThem: (count) => (count === 1 ? "Senden" : "Alle senden"),
  discardThem: (count) => (count === 1 ? "Verwerfen" : "Alle verwerfen"),
  answeredInBetween: (status) =>
    `Etwas zwischen dieser Seite und Darkroom hat an dessen Stelle geantwortet, mit Status ${status}.`,
  keptHere: (status, isKept) =>
    `${status === "413" ? "Ihm ist dieses Foto zu groß. " : ""}Das Foto bleibt hier${isKept ? "" : ", solange diese Seite offen ist"}: Sende es später noch einmal oder über ein anderes Netz.`,
  ourFault: (isKept) =>
    `Dieses Foto konnte durch einen Fehler dieser Seite nicht gesendet werden. ${
      isKept ? "Es bleibt hier: Lade die Seite neu und sende es." : "Lass diese Seite offen und sende es noch einmal."
    }`,

  photos: (count) => `${count} Fotos`,
  taken: (count, all) => `${count} von ${all} wurden angenommen.`,
  readyOf: (count, all) => `${count} von ${all} fertig`,
  progress: "Fortschritt",
  progressOf: (name) => `Fortschritt von ${name}`,
  saveAll: (count) => `Alle ${count} Vorschauen sichern`,
  retryAll: (count) => `Alle ${count} noch einmal versuchen`,
  stopAll: (count) => `Alle ${count} anhalten`,

  looking: "Dein Foto wird gesucht",
  oneMoment: "Einen Augenblick.",
  waitingHeading: "Wartet, bis es dran ist",
  arrived: "Dein Foto ist angekommen.",
  queuePosition: (before) =>
    before === 0
      ? "Es ist als Nächstes dran."
      : before === 1
        ? "Ein Foto ist vor ihm dran."
        : `${before} Fotos sind vor ihm dran.`,
  waitsHeading: "Wartet darauf weiterzugehen",
  developing: "Dein Bild entwickelt sich",
  madeHeading: "Dein Bild ist gemacht",
  fetching: "Seine Vorschau wird geholt.",
  ready: "Dein Bild ist fertig",
  readyExplained: "Das ist seine Vorschau.",
  expired: "Die Zeit deines Bildes ist um",
  expiredExplained: "So lange, wie Darkroom Bilder aufhebt, war deines da. Jetzt ist es gelöscht und dein Foto auch.",
  photoExpired: "Darkroom hat das Foto so lange aufgehoben wie vorgesehen. Jetzt ist es gelöscht.",
  failed: "Daraus ist kein Bild geworden",
  failedExplained: "Die Verarbeitung ist gescheitert.",
  cancelled: "Abgebrochen",
  cancelledExplained: "Es wurde vor seinem Ende angehalten.",
  stages: "Schritte",
  stageNames: {
    validating: "Prüfen",
    generating: "Erzeugen",
    storing: "Ablegen",
    watermarking: "Wasserzeichen",
    complete: "Fertig",
  },
  stageExplained: {
    validating: "Dein Foto wird angesehen: Ist es ganz, und lässt es sich lesen?",
    generating: "Aus deinem Foto entsteht ein neues Bild. Das dauert am längsten.",
    storing: "Das neue Bild kommt an einen sicheren Ort.",
    watermarking: "Deine Vorschau bekommt ihr Wasserzeichen.",
    complete: "Alle Schritte sind getan.",
  },
  step: (number, of, name) => `Schritt ${number} von ${of}, ${name}.`,
  stepDone: ", getan",
  stepEnded: ", endete hier",
  waits: {
    GENERATION_PAUSED: "Das Bildmodell antwortet gerade nicht. Dein Foto geht von selbst weiter, sobald es das tut.",
    GENERATION_BUDGET_SPENT: "Gerade entstehen viele Bilder. Deines geht von selbst weiter, wenn es dran ist.",
    GENERATION_UNAVAILABLE: "Das Bildmodell war nicht zu erreichen. Es wird von selbst wieder gefragt.",
    STORAGE_UNAVAILABLE: "Unser Speicher war nicht zu erreichen. Er wird von selbst wieder versucht.",
  },
  waitsAnyhow: "Die Arbeit an deinem Foto wurde unterbrochen. Sie geht von selbst weiter.",
  usually: (low, high) => {
    const from = low.unit === high.unit ? `${low.count}` : length(low);
    const band = length(low) === length(high) ? length(high) : `${from} bis ${length(high)}`;
    return `Von hier an meist ${band}.`;
  },
  madeBy: (model) =>
    `Eine Vorschau ist eine kleinere Kopie mit Wasserzeichen; anderes gibt Darkroom nicht heraus. Gemacht von ${model}.`,
  whatDarkroomMade: "Was Darkroom gemacht hat",
  yourPhoto: "Dein Foto",
  compare: "Dein Foto zeigen",
  showPicture: "Das Bild zeigen",
  previewLost: "Die Vorschau konnte nicht geladen werden.",

  lostHeading: "Diesen Auftrag gibt es hier nicht",
  lostExplained:
    "Ein Auftrag ist nur in dem Browser zu sehen, der ihn gesendet hat, und nur so lange, wie Darkroom ihn aufhebt.",
  askAgain: "Noch einmal fragen",

  deletePhoto: "Mein Foto löschen",
  deleteQuestion:
    "Dein Foto löschen und was daraus gemacht wurde? Darkroom löscht beides endgültig. Das lässt sich nicht rückgängig machen.",
  deleteForGood: "Endgültig löschen",
  deleting: "Wird gelöscht",
  keepPhoto: "Behalten",
  notDeleted: (why) => `${why} Dein Foto ist vielleicht noch da. Bitte versuche es noch einmal.`,
  deletedHeading: "Dein Foto ist gelöscht",
  deletedExplained:
    "Darkroom hat das Foto gelöscht und was daraus gemacht wurde. Es bleibt ein Verzeichnis der Schritte, ohne etwas Persönliches.",

  recentUploads: "Letzte Aufträge",
  waiting: "wartet",
  endings: {
    completed: "fertig",
    failed: "gescheitert",
    cancelled: "abgebrochen",
    expired: "abgelaufen",
    gone: "nicht mehr da",
  },
  frame: (number, name) => `${number}. ${name}`,
  aPhoto: "Foto",
  ended: {
    completed: "Dein Bild ist fertig",
    failed: "Aus deinem Foto ist kein Bild geworden",
    cancelled: "Dein Auftrag wurde abgebrochen",
  },
  hide: (frame) => `Aus dieser Liste nehmen: ${frame}`,
  hidden: "Aus dieser Liste genommen. Das Foto selbst wurde nicht gelöscht.",
  undo: "Rückgängig",
  showHidden: (count) => (count === 1 ? "Den verborgenen Auftrag zeigen" : `Die ${count} verborgenen Aufträge zeigen`),
  keptWhere:
    "Diese Liste und die Schlüssel zu deinen Aufträgen sind nur in diesem Browser. Darkroom hebt die Fotos und die Bilder auf, bis du sie löschst: Öffne dazu einen Auftrag.",
  notKept: {
    full: "Der Speicher dieses Browsers ist voll, diese Seite kann deine Aufträge nicht aufheben. Lass sie offen, bis du deine Bilder gesichert hast.",
    forbidden: "Dieser Browser lässt diese Seite nichts aufheben. Lass sie offen, bis du deine Bilder gesichert hast.",
  },

  faultHeading: "Diese Seite hat einen Fehler",
  faultExplained: "Der Fehler liegt bei uns. Deine Aufträge laufen weiter, und dieser Browser kennt sie noch.",
  reload: "Seite neu laden",
  startWithEmptyList: "Mit leerer Liste beginnen",

  failures: {
    NOT_AN_IMAGE: "Diese Datei ist kein Bild.",
    UNSUPPORTED_FORMAT: "Dieses Bildformat wird nicht unterstützt.",
    IMAGE_TRUNCATED: "Dieses Bild ist unvollständig oder beschädigt.",
    IMAGE_TOO_LARGE: "Dieses Bild hat zu viele Pixel.",
    IMAGE_TOO_COMPLEX: "Dieses Bild ist zu aufwendig zu lesen.",
    ANIMATED_IMAGE: "Bewegte Bilder werden nicht unterstützt.",
    CONTENT_BLOCKED: "Das Bildmodell hat dieses Foto abgelehnt. Bitte versuche es mit einem anderen.",
    NO_IMAGE_GENERATED: "Das Bildmodell hat ohne ein Bild geantwortet. Bitte versuche es noch einmal.",
    GENERATION_REFUSED: "Das Bildmodell hat diesen Auftrag abgelehnt.",
    GENERATION_UNAVAILABLE: "Das Bildmodell war nicht zu erreichen. Bitte versuche es noch einmal.",
    STORAGE_REFUSED: "Der Speicher hat das Bild nicht angenommen.",
    STORAGE_UNAVAILABLE: "Der Speicher war nicht zu erreichen. Bitte versuche es noch einmal.",
    ORIGINAL_MISSING: "Das Foto ist nicht mehr da. Bitte sende es noch einmal.",
    WORKER_LOST: "Die Verarbeitung wurde zu oft unterbrochen. Bitte versuche es noch einmal.",
    INTERNAL_ERROR: "Die Verarbeitung ist gescheitert. Bitte versuche es noch einmal.",
  },
  refusals: {
    NETWORK: "Darkroom ist gerade nicht zu erreichen.",
    NOT_FOUND: "Diesen Auftrag gibt es nicht.",
    UNAUTHORIZED: "Dieser Browser hat keinen gültigen Schlüssel zu diesem Auftrag.",
    EXPIRED: "Die Zeit dieses Bildes ist um, und es ist gelöscht.",
    CONFLICT: "Das ist in diesem Zustand nicht möglich.",
    PAYLOAD_TOO_LARGE: "Dieses Foto ist zu groß. Bitte wähle ein kleineres.",
    UNSUPPORTED_MEDIA_TYPE: `Diese Datei ist kein Foto in ${KINDS}.`,
    REQUEST_TIMEOUT: "Das Foto kam nicht rechtzeitig an. Bitte versuche es noch einmal.",
    TOO_MANY_REQUESTS: "Das waren zu viele Fotos in kurzer Zeit.",
    UNAVAILABLE: "Ein Teil von Darkroom antwortet gerade nicht.",
    INTERNAL_ERROR: "Bei uns ist etwas schiefgegangen. Bitte versuche es noch einmal.",
  },
};
