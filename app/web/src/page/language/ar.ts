/** جمل الصفحة بالعربية. الأعداد تُذكر بعد اسم ما تعدّه، فلا يتغيّر الاسم معها. */

import type { Language, Length } from "./en";

const UNITS = { second: "ثانية", minute: "دقيقة" } as const;

function length({ count, unit }: Length): string {
  return count === 1 ? UNITS[unit] : `${count} ${UNITS[unit]}`;
}

const KINDS = "JPEG أو PNG أو WebP أو HEIC أو AVIF";

export const ar: Language = {
  intakeHeading: "ضع صورة في الحوض",
  intakeExplained: "يصنع Darkroom منها صورة جديدة ويريك كل خطوة.",
  letGo: "أفلتها فيبدأ العمل",
  choosePhoto: "اختر صورة",
  takePhoto: "التقط صورة",
  chooseAnother: "اختر صورة أخرى",
  newPhoto: "صورة جديدة",
  limits: (most) => `${KINDS}، حتى ${most}.`,
  dropOrPaste: "يمكنك أيضًا سحب الصور أو المجلدات إلى أي مكان في هذه الصفحة أو لصقها.",
  whatHappens: "ماذا يحدث لصورتي؟",
  whatHappensExplained: [
    "تُرسل إلى Darkroom هذا، وتُحذف منها كل البيانات الوصفية، مثل مكان التقاطها.",
    "يصنع نموذج صور الصورة الجديدة. وإذا اختار المشغّل Gemini، وهو خدمة من Google، فتُرسل إليه نسخة بلا بيانات وصفية.",
    "هذا المتصفح وحده يستطيع أن يريك الصورة وما صُنع منها. ويستطيع العاملون على Darkroom هذا الوصول إلى المحفوظ.",
    "يبقى كلاهما حتى تحذفهما: افتح طلبًا واضغط «احذف صورتي».",
  ],

  close: "إغلاق",
  tryAgain: "حاول مرة أخرى",
  cancel: "إلغاء",
  stop: "إيقاف",
  save: "احفظ المعاينة",
  share: "مشاركة",
  copyId: "انسخ الرقم",
  copied: "نُسخ",
  notify: "أخبرني عند الانتهاء",
  willNotify: "سنخبرك عند الانتهاء.",
  mayNotNotify: "هذا المتصفح لا يسمح لهذه الصفحة بأن تخبرك.",

  goesOnWithout: "يستمر طلبك من دون هذه الصفحة.",
  tryingNow: "تجري المحاولة الآن.",
  triedAgain: (seconds) => (seconds === 0 ? "تُعاد المحاولة الآن." : `تُعاد المحاولة بعد ${seconds} ث.`),
  tryNow: "حاول الآن",

  empty: `هذا الملف فارغ. اختر صورة ${KINDS}.`,
  noPhoto: `هذا الملف ليس صورة ${KINDS}. اختر ملفًا آخر.`,
  tooLarge: (size, most) => `حجم هذه الصورة ${size}، والحد الأقصى ${most}. اختر صورة أصغر.`,
  folderEmpty: "لا توجد صورة في هذا المجلد.",
  folderTooLarge: (most) => `عدد الصور في المرة الواحدة ${most} على الأكثر. أفلت بقية هذا المجلد بعد ذلك.`,
  notReadable: "لا يمكن قراءة هذا الملف. تحقق من أنه ما زال موجودًا.",
  noneTaken: (count) => `لم يُقبل أي من هذه الملفات (${count}):`,

  sendingHeading: "تُرسل صورتك",
  sending: "إرسال",
  sent: "أُرسل",
  keepPageOpen: "أبقِ هذه الصفحة مفتوحة حتى يصل كل شيء.",
  stopSending: "أوقف الإرسال",
  waitsToBeSent: "تنتظر الإرسال",
  notSentYet: "لم تُرسل بعد",
  sendAgain: "أرسل مرة أخرى",
  doNotSend: "لا ترسلها",
  left: (count) => `صور لم تُرسل قبل إغلاق هذه الصفحة: ${count}. وهي محفوظة في هذا المتصفح.`,
  sendThem: () => "أرسل",
  discardThem: () => "تجاهل",
  inBetween: (status) =>
    `أجاب شيء بين هذه الصفحة وDarkroom بدلًا منه، بالحالة ${status}.${
      status === "413" ? " وهو يرى هذه الصورة كبيرة جدًا." : ""
    } الصورة محفوظة هنا: أرسلها لاحقًا أو عبر شبكة أخرى.`,
  ourFault: "تعذّر إرسال هذه الصورة بسبب خطأ في هذه الصفحة. وهي محفوظة هنا: أعد تحميل الصفحة وأرسلها.",

  photos: (count) => `الصور: ${count}`,
  taken: (count, all) => `قُبل ${count} من ${all}.`,
  readyOf: (count, all) => `جاهز ${count} من ${all}`,
  progress: "التقدم",
  progressOf: (name) => `تقدم ${name}`,
  saveAll: (count) => `احفظ كل المعاينات (${count})`,
  retryAll: (count) => `حاول الكل مرة أخرى (${count})`,
  stopAll: (count) => `أوقف الكل (${count})`,

  looking: "نبحث عن صورتك",
  oneMoment: "لحظة.",
  waitingHeading: "تنتظر دورها",
  arrived: "وصلت صورتك.",
  place: (before) => (before === 0 ? "هي التالية." : `عدد الصور قبلها: ${before}.`),
  waitsHeading: "تنتظر المتابعة",
  developing: "صورتك تظهر",
  madeHeading: "صُنعت صورتك",
  fetching: "نجلب معاينتها.",
  ready: "صورتك جاهزة",
  readyExplained: "هذه معاينتها.",
  failed: "لم تظهر هذه الصورة",
  failedExplained: "فشلت المعالجة.",
  cancelled: "أُلغي",
  cancelledExplained: "أُوقف كما طلبت.",
  stages: "الخطوات",
  stageNames: {
    validating: "الفحص",
    generating: "الإنشاء",
    storing: "الحفظ",
    watermarking: "العلامة المائية",
    complete: "اكتمل",
  },
  stageExplained: {
    validating: "نفحص صورتك: هل هي كاملة، وهل يمكن قراءتها؟",
    generating: "تُصنع صورة جديدة من صورتك. هذه أطول خطوة.",
    storing: "توضع الصورة الجديدة في مكان آمن.",
    watermarking: "تُضاف العلامة المائية إلى معاينتك.",
    complete: "انتهت كل الخطوات.",
  },
  step: (place, of, name) => `الخطوة ${place} من ${of}، ${name}.`,
  stepDone: "، انتهت",
  stepEnded: "، توقفت هنا",
  waits: {
    GENERATION_PAUSED: "نموذج الصور لا يجيب الآن. تتابع صورتك وحدها حين يجيب.",
    GENERATION_BUDGET_SPENT: "تُصنع صور كثيرة الآن. تتابع صورتك وحدها حين يأتي دورها.",
    GENERATION_UNAVAILABLE: "تعذّر الوصول إلى نموذج الصور. سيُسأل مرة أخرى تلقائيًا.",
    STORAGE_UNAVAILABLE: "تعذّر الوصول إلى مكان الحفظ. ستُعاد المحاولة تلقائيًا.",
  },
  waitsAnyhow: "انقطع العمل على صورتك. وسيتابع وحده.",
  usually: (low, high) =>
    length(low) === length(high)
      ? `عادةً ${length(high)} من الآن.`
      : `عادةً من ${low.unit === high.unit ? low.count : length(low)} إلى ${length(high)} من الآن.`,
  madeBy: (model) => `المعاينة نسخة أصغر بعلامة مائية، ولا يعطي Darkroom غيرها. صنعها ${model}.`,
  whatDarkroomMade: "ما صنعه Darkroom",
  yourPhoto: "صورتك",
  compare: "أظهر صورتك الأصلية",
  showPicture: "أظهر الصورة الجديدة",
  previewLost: "تعذّر تحميل المعاينة.",

  lostHeading: "لا يوجد هذا الطلب هنا",
  lostExplained: "لا يُرى الطلب إلا في المتصفح الذي أرسله، وما دام Darkroom يحفظه.",
  askAgain: "اسأل مرة أخرى",

  deletePhoto: "احذف صورتي",
  deleteQuestion: "أتريد حذف صورتك وما صُنع منها؟ يحذفهما Darkroom نهائيًا، ولا يمكن التراجع.",
  deleteForGood: "احذف نهائيًا",
  deleting: "يُحذف",
  keepPhoto: "أبقها",
  notDeleted: (why) => `${why} قد تكون صورتك ما زالت موجودة. حاول مرة أخرى.`,
  deletedHeading: "حُذفت صورتك",
  deletedExplained: "حذف Darkroom الصورة وما صُنع منها. ويبقى سجل بالخطوات لا شيء شخصيًا فيه.",

  recentUploads: "الطلبات الأخيرة",
  waiting: "تنتظر",
  endings: { completed: "جاهزة", failed: "فشلت", cancelled: "أُلغيت", gone: "لم تعد موجودة" },
  frame: (place, name) => `${place}. ${name}`,
  aPhoto: "صورة",
  ended: { completed: "صورتك جاهزة", failed: "لم تظهر صورتك", cancelled: "أُلغي طلبك" },
  hide: (frame) => `أخفِ من هذه القائمة: ${frame}`,
  hidden: "أُخفيت من هذه القائمة. لم تُحذف الصورة نفسها.",
  undo: "تراجع",
  showHidden: (count) => `أظهر الطلبات المخفية (${count})`,
  keptWhere:
    "هذه القائمة ومفاتيح طلباتك محفوظة في هذا المتصفح وحده. يحفظ Darkroom الصور وما صُنع منها حتى تحذفها: افتح طلبًا لتحذفه.",
  notKept: {
    full: "امتلأت مساحة هذا المتصفح، فلا تستطيع هذه الصفحة حفظ طلباتك. أبقِها مفتوحة حتى تحفظ صورك.",
    forbidden: "هذا المتصفح لا يسمح لهذه الصفحة بحفظ شيء. أبقِها مفتوحة حتى تحفظ صورك.",
  },

  faultHeading: "حدث خطأ في هذه الصفحة",
  faultExplained: "الخطأ منا. تستمر طلباتك من دون هذه الصفحة، وما زال هذا المتصفح يعرفها.",
  reload: "أعد تحميل الصفحة",
  startWithEmptyList: "ابدأ بقائمة فارغة",

  failures: {
    NOT_AN_IMAGE: "هذا الملف ليس صورة.",
    UNSUPPORTED_FORMAT: "صيغة هذه الصورة غير مدعومة.",
    IMAGE_TRUNCATED: "هذه الصورة ناقصة أو تالفة.",
    IMAGE_TOO_LARGE: "نقاط هذه الصورة أكثر من الحد.",
    IMAGE_TOO_COMPLEX: "قراءة هذه الصورة صعبة جدًا.",
    ANIMATED_IMAGE: "الصور المتحركة غير مدعومة.",
    CONTENT_BLOCKED: "رفض نموذج الصور هذه الصورة. جرّب صورة أخرى.",
    NO_IMAGE_GENERATED: "أجاب نموذج الصور بلا صورة. حاول مرة أخرى.",
    GENERATION_REFUSED: "رفض نموذج الصور هذا الطلب.",
    GENERATION_UNAVAILABLE: "تعذّر الوصول إلى نموذج الصور. حاول مرة أخرى.",
    STORAGE_REFUSED: "لم يقبل مكان الحفظ الصورة.",
    STORAGE_UNAVAILABLE: "تعذّر الوصول إلى مكان الحفظ. حاول مرة أخرى.",
    ORIGINAL_MISSING: "لم تعد الصورة موجودة. أرسلها مرة أخرى.",
    WORKER_LOST: "انقطعت المعالجة مرات كثيرة. حاول مرة أخرى.",
    INTERNAL_ERROR: "فشلت المعالجة. حاول مرة أخرى.",
  },
  refusals: {
    NETWORK: "لا يمكن الوصول إلى Darkroom الآن.",
    NOT_FOUND: "لا يوجد هذا الطلب.",
    UNAUTHORIZED: "ليس لدى هذا المتصفح مفتاح صالح لهذا الطلب.",
    CONFLICT: "هذا غير ممكن في هذه الحالة.",
    PAYLOAD_TOO_LARGE: "هذه الصورة كبيرة جدًا. اختر صورة أصغر.",
    UNSUPPORTED_MEDIA_TYPE: `هذا الملف ليس صورة ${KINDS}.`,
    REQUEST_TIMEOUT: "لم تصل الصورة في الوقت المحدد. حاول مرة أخرى.",
    TOO_MANY_REQUESTS: "صور كثيرة في وقت قصير.",
    UNAVAILABLE: "جزء من Darkroom لا يجيب الآن.",
    INTERNAL_ERROR: "حدث خطأ عندنا. حاول مرة أخرى.",
  },
};
