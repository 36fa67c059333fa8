/** The page's sentences in English. Each is true of what is known, and says what a person can do. */

export interface Length {
  count: number;
  unit: "second" | "minute";
}

function length({ count, unit }: Length): string {
  return count === 1 ? `a ${unit}` : `${count} ${unit}s`;
}

export const en = {
  intakeHeading: "Put a photo in the tray",
  intakeExplained: "Darkroom makes a new picture of it, and shows you every step of the way.",
  letGo: "Let go, and it begins",
  choosePhoto: "Choose a photo",
  takePhoto: "Take a photo",
  chooseAnother: "Choose another photo",
  newPhoto: "New photo",
  limits: (most: string) => `JPEG, PNG, WebP, HEIC or AVIF, up to ${most}.`,
  dropOrPaste: "You can also drop photos or folders anywhere on this page, or paste them.",
  whatHappens: "What happens to my photo?",
  whatHappensExplained: [
    "It goes to this Darkroom, which takes out all metadata, such as the place where it was taken.",
    "An image model makes the new picture. Where the operator has chosen Gemini, a service of Google, a copy without metadata is sent there.",
    "Only this browser can show you the photo and its picture. Staff of this Darkroom can reach what is stored.",
    "Both are kept until you delete them: open an upload and press “Delete my photo”.",
  ],

  close: "Close",
  tryAgain: "Try again",
  cancel: "Cancel",
  stop: "Stop",
  save: "Save the preview",
  share: "Share",
  notShared: "The picture could not be fetched for another app. Save it, and share the file.",
  copyId: "Copy the id",
  copied: "Copied",
  notify: "Tell me when it is done",
  willNotify: "You will be told when it is done.",
  mayNotNotify: "This browser does not let this page tell you.",

  goesOnWithout: "Your upload goes on without this page.",
  tryingNow: "It is being tried just now.",
  triedAgain: (seconds: number) => (seconds === 0 ? "It is tried again now." : `It is tried again in ${seconds} s.`),
  tryNow: "Try now",

  empty: "This file is empty. Please choose a JPEG, PNG, WebP, HEIC or AVIF photo.",
  noPhoto: "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo. Please choose another one.",
  tooLarge: (size: string, most: string) =>
    `This photo has ${size}, and ${most} is the most. Please choose a smaller one.`,
  folderEmpty: "There is no photo in this folder.",
  folderTooLarge: (most: number) => `Only ${most} photos are taken at a time. Drop the rest of this folder afterwards.`,
  notReadable: "This file cannot be read. Please look whether it is still there.",
  noneTaken: (count: number) => `None of these ${count} files was taken:`,

  sendingHeading: "Sending your photo",
  sending: "Sending",
  sent: "Sent",
  keepPageOpen: "Please keep this page open until everything has arrived.",
  stopSending: "Stop sending",
  waitsToBeSent: "waits to be sent",
  notSentYet: "Not sent yet",
  sendAgain: "Send again",
  doNotSend: "Do not send it",
  left: (count: number) =>
    count === 1
      ? "One photo was not sent before this page was closed. It is kept in this browser."
      : `${count} photos were not sent before this page was closed. They are kept in this browser.`,
  sendThem: (count: number): string => (count === 1 ? "Send it" : "Send them"),
  discardThem: (count: number): string => (count === 1 ? "Discard it" : "Discard them"),
  answeredInBetween: (status: string) =>
    `Something between this page and Darkroom answered in its place, with status ${status}.`,
  keptHere: (status: string, isKept: boolean) =>
    `${status === "413" ? "To it, this photo is too large. " : ""}The photo is kept here${isKept ? "" : " for as long as this page is open"}: send it again later, or over another network.`,
  ourFault: (isKept: boolean) =>
    `This photo could not be sent, through a fault of this page. ${
      isKept ? "It is kept here: load the page again and send it." : "Keep this page open, and send it again."
    }`,

  photos: (count: number) => `${count} photos`,
  taken: (count: number, all: number) => `${count} of ${all} were taken.`,
  readyOf: (count: number, all: number) => `${count} of ${all} ready`,
  progress: "Progress",
  progressOf: (name: string) => `Progress of ${name}`,
  saveAll: (count: number) => `Save all ${count} previews`,
  retryAll: (count: number) => `Try all ${count} again`,
  stopAll: (count: number) => `Stop all ${count}`,

  looking: "Looking for your photo",
  oneMoment: "One moment.",
  waitingHeading: "Waiting for its turn",
  arrived: "Your photo has arrived.",
  queuePosition: (before: number) =>
    before === 0 ? "It is next." : before === 1 ? "One photo is before it." : `${before} photos are before it.`,
  waitsHeading: "Waiting to go on",
  developing: "Your picture is developing",
  madeHeading: "Your picture is made",
  fetching: "We are fetching its preview.",
  ready: "Your picture is ready",
  readyExplained: "This is its preview.",
  expired: "Your picture was kept for its time",
  expiredExplained: "The time for which Darkroom keeps a picture is over, so it is deleted, and your photo with it.",
  photoExpired: "The time for which Darkroom keeps such a photo is over, so it is deleted.",
  failed: "This one did not develop",
  failedExplained: "Processing failed.",
  cancelled: "Cancelled",
  cancelledExplained: "It was stopped before its end.",
  stages: "Stages",
  stageNames: {
    validating: "Validating",
    generating: "Generating",
    storing: "Storing",
    watermarking: "Watermarking",
    complete: "Complete",
  },
  stageExplained: {
    validating: "We look at your photo: is it whole, and can it be read?",
    generating: "A new picture is made from your photo. This takes the longest.",
    storing: "The new picture is put in a safe place.",
    watermarking: "Your preview gets its watermark.",
    complete: "Every stage is done.",
  },
  step: (number: number, of: number, name: string) => `Step ${number} of ${of}, ${name}.`,
  stepDone: ", done",
  stepEnded: ", ended here",
  waits: {
    GENERATION_PAUSED: "The image model does not answer just now. Your photo goes on by itself as soon as it does.",
    GENERATION_BUDGET_SPENT: "Many pictures are being made just now. Yours goes on by itself when its turn comes.",
    GENERATION_UNAVAILABLE: "The image model could not be reached. It is asked again by itself.",
    STORAGE_UNAVAILABLE: "Our storage could not be reached. It is tried again by itself.",
  } as Record<string, string>,
  waitsAnyhow: "The work on your photo was interrupted. It goes on by itself.",
  usually: (low: Length, high: Length) => {
    const from = low.unit === high.unit ? `${low.count}` : length(low);
    const band = length(low) === length(high) ? length(high) : `${from} to ${length(high)}`;
    return `Usually ${band} from here.`;
  },
  madeBy: (model: string) =>
    `A preview is a smaller copy with a watermark; Darkroom gives out nothing else. Made by ${model}.`,
  whatDarkroomMade: "What Darkroom made",
  yourPhoto: "Your photo",
  compare: "Show your photo",
  showPicture: "Show the picture",
  previewLost: "The preview could not be loaded.",

  lostHeading: "There is no such upload here",
  lostExplained: "An upload can be seen only in the browser that sent it, and only for as long as Darkroom keeps it.",
  askAgain: "Ask again",

  deletePhoto: "Delete my photo",
  deleteQuestion: "Delete your photo, and what was made of it? Darkroom erases both for good. This cannot be undone.",
  deleteForGood: "Delete for good",
  deleting: "Deleting",
  keepPhoto: "Keep it",
  notDeleted: (why: string) => `${why} Your photo may still be there. Please try again.`,
  deletedHeading: "Your photo is deleted",
  deletedExplained:
    "Darkroom has erased the photo and what was made of it. What stays is a record of the steps, without anything personal.",

  recentUploads: "Recent uploads",
  waiting: "waiting",
  endings: { completed: "ready", failed: "failed", cancelled: "cancelled", expired: "expired", gone: "gone" },
  frame: (number: number, name: string) => `${number}. ${name}`,
  aPhoto: "Photo",
  ended: {
    completed: "Your picture is ready",
    failed: "Your photo did not develop",
    cancelled: "Your upload was cancelled",
  },
  hide: (frame: string) => `Hide from this list: ${frame}`,
  hidden: "Hidden from this list. The photo itself was not deleted.",
  undo: "Undo",
  showHidden: (count: number) => (count === 1 ? "Show the hidden upload" : `Show the ${count} hidden uploads`),
  keptWhere:
    "This list and the keys to your uploads are kept in this browser only. Darkroom keeps the photos and the pictures until you delete them: open one to do so.",
  notKept: {
    full: "The storage of this browser is full, so this page cannot keep your uploads. Keep this page open until you have saved your pictures.",
    forbidden:
      "This browser does not let this page keep anything. Keep this page open until you have saved your pictures.",
  },

  faultHeading: "This page has met a fault",
  faultExplained: "It is a fault of ours. Your uploads go on without this page, and this browser still knows them.",
  reload: "Load the page again",
  startWithEmptyList: "Start with an empty list",

  /** By code, in place of the server's own sentences, which are in English. */
  failures: {} as Record<string, string>,
  refusals: {} as Record<string, string>,
};

export type Language = typeof en;
