/** The page's sentences in English. Each is true of what is known, and says what a person can do. */

export const en = {
  faultHeading: "This page has met a fault",
  faultExplained: "It is a fault of ours. Your uploads go on without this page, and this browser still knows them.",
  reload: "Load the page again",
  startWithEmptyList: "Start with an empty list",

  choosePhoto: "Choose a photo",
  newPhoto: "New photo",
  letGo: "Let go, and it begins",
  close: "Close",
  tryAgain: "Try again",
  stop: "Stop",

  goesOnWithout: "Your upload goes on without this page.",
  tryingNow: "It is being tried just now.",
  triedAgain: (seconds: number) => (seconds === 0 ? "It is tried again now." : `It is tried again in ${seconds} s.`),
  tryNow: "Try now",

  sendingHeading: "Sending your photo",
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
  sendThem: (count: number) => (count === 1 ? "Send it" : "Send them"),
  discardThem: (count: number) => (count === 1 ? "Discard it" : "Discard them"),
  inBetween: ({ code, message }: { code: string; message: string }) =>
    code === "HTTP_413"
      ? `${message} To it, this photo is too large. The photo is kept here: send it again later, or over another network.`
      : `${message} The photo is kept here: send it again later, or over another network.`,
  ourFault:
    "This photo could not be sent, through a fault of this page. It is kept here: load the page again and send it.",
  noneTaken: (count: number) => `None of these ${count} files was taken:`,

  photos: (count: number) => `${count} photos`,
  taken: (count: number, all: number) => `${count} of ${all} were taken.`,
  progressOf: (name: string) => `Progress of ${name}`,
  saveAll: (count: number) => `Save all ${count} previews`,
  retryAll: (count: number) => `Try all ${count} again`,
  stopAll: (count: number) => `Stop all ${count}`,

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
  sending: "Sending",
  waiting: "waiting",
  endings: { completed: "ready", failed: "failed", cancelled: "cancelled", gone: "gone" },
  frame: (place: number, name: string) => `${place}. ${name}`,
  aPhoto: "Photo",
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
};

export type Language = typeof en;
