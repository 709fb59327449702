// Every output carries this script: each wakes the questions that no earlier run has woken.
// All text is in the page from the start (typeset with it); the script only shows and hides.
(() => {
  const NOTED = "course-quiz-noted";
  const MINUS = /[\u2212\u2013]/g; // the typographer's minus, and the dash that stands in for it

  // Predictions live in the tab; where a page may store nothing, they live as long as the page.
  const memory = (window.courseQuizNotes ??= {});
  const recall = (name) => {
    try { return sessionStorage.getItem(NOTED + name) ?? memory[name]; }
    catch { return memory[name]; }
  };
  const note = (name, value) => {
    memory[name] = value;
    try { sessionStorage.setItem(NOTED + name, value); } catch { /* memory serves */ }
    document.dispatchEvent(new Event(NOTED));
  };

  // "1,5" is 1.5 in many countries and "1,500" may be either: all readings that make sense.
  const readings = (text) => {
    const plain = text.replace(MINUS, "-").replace(/[\s_']/g, "");
    const found = [plain.replace(",", ".")];
    if (/^[-+]?\d{1,3}([.,]\d{3})+$/.test(plain)) found.push(plain.replace(/[.,]/g, ""));
    return found
      .filter((s) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(s))
      .map(Number);
  };
  const typed = (quiz) => {
    const text = quiz.querySelector("input").value.trim();
    const { unit } = quiz.dataset;
    return unit && text.endsWith(unit) ? text.slice(0, -unit.length).trim() : text;
  };
  const near = (x, value, tolerance) =>
    Math.abs(x - value) <= tolerance + 1e-9 * Math.abs(value); // forgives rounding at the edge

  const chosen = (quiz) =>
    [...quiz.querySelectorAll("input")].flatMap((box, i) => (box.checked ? [String(i)] : []));

  // Each of these answers which messages to show.
  const judge = {
    choice(quiz) {
      const picked = chosen(quiz);
      const right = JSON.parse(quiz.dataset.answer).map(String);
      if (!picked.length) return ["empty"];
      if (right.length === picked.length && right.every((i) => picked.includes(i)))
        return ["complete", ...picked, "explain"];
      return right.every((i) => picked.includes(i)) ? picked : [...picked, "missing"];
    },
    numeric(quiz) {
      const { answer, tolerance, wrong } = quiz.dataset;
      const numbers = readings(typed(quiz));
      const is = (value) => numbers.some((x) => near(x, Number(value), Number(tolerance)));
      if (!numbers.length) return ["empty"];
      if (is(answer)) return ["complete", "explain"];
      const known = JSON.parse(wrong).findIndex(is);
      return known < 0 ? ["other"] : [String(known)];
    },
    predict(quiz) {
      const number = quiz.querySelector("input[type=text]");
      const value = number ? typed(quiz) : chosen(quiz)[0];
      if (number ? !readings(value).length : value === undefined) return ["empty"];
      note(quiz.dataset.name, value);
      return ["noted"];
    },
  };

  const show = (quiz, keys) => {
    for (const part of quiz.querySelectorAll("[data-show]"))
      part.hidden = !keys.includes(part.dataset.show);
  };

  const wakeQuestion = (quiz) => {
    quiz.addEventListener("submit", (event) => {
      event.preventDefault();
      show(quiz, []); // emptied first, so that a screen reader speaks the same message again
      const keys = judge[quiz.dataset.kind](quiz);
      setTimeout(() => show(quiz, keys), 30);
    });
    quiz.addEventListener("keydown", (event) => {
      // A form submits on Enter by itself, except from a text field inside JupyterLab.
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault();
      quiz.requestSubmit();
    });
    quiz.addEventListener("input", () => show(quiz, []));
    const value = quiz.dataset.kind === "predict" ? recall(quiz.dataset.name) : undefined;
    if (value === undefined) return;
    const box = quiz.querySelector("input[type=text]");
    if (box) box.value = value;
    else quiz.querySelectorAll("input")[value].checked = true;
    show(quiz, ["noted"]);
  };

  const wakeReveal = (quiz) => {
    const update = () => {
      const value = recall(quiz.dataset.name);
      if (value === undefined) return show(quiz, ["none"]);
      const number = quiz.querySelector(".course-quiz-typed");
      if (number) number.textContent = value;
      show(quiz, [value === quiz.dataset.answer ? "met" : "expected", "option-" + value]);
    };
    document.addEventListener(NOTED, update); // a prediction made late still counts
    update();
  };

  for (const quiz of document.querySelectorAll(".course-quiz:not([data-awake])")) {
    quiz.dataset.awake = "";
    (quiz.dataset.kind === "reveal" ? wakeReveal : wakeQuestion)(quiz);
  }
})();
