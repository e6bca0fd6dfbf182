// Puts alerts into the page as they come. Without it the page shows the same
// on the next load. Alerts are drawn by the server; one that is there already
// is replaced, so that none stands twice.
(function () {
  "use strict";
  var live = document.getElementById("kmcr-live");
  if (!live || !window.EventSource) return;
  var list = document.getElementById("alerts");
  var since = live.dataset.since;
  var stream = null;

  // The alert being read stays where it is: a button that moves as it is
  // pressed would answer for another person. The notice says what is new.
  function lookedAt(replaced) {
    for (var i = 0; i < list.children.length; i++) {
      var one = list.children[i];
      if (one !== replaced && one.getBoundingClientRect().bottom > 0) return one;
    }
    return null;
  }

  function put(e) {
    since = e.lastEventId || since;
    var told = JSON.parse(e.data);
    var made = document.createElement("template");
    made.innerHTML = told.html;
    var alert = made.content.firstElementChild;
    var old = document.getElementById(alert.id);
    if (list) {
      var nothing = document.getElementById("alerts-nothing");
      if (nothing) nothing.remove();
      if (old && old.contains(document.activeElement)) { // somebody is writing in it
        live.textContent = "An alert that you are working on has changed. Load the page again to see it.";
        return;
      }
      var seen = lookedAt(old), top = seen && seen.getBoundingClientRect().top;
      if (old) old.remove();
      list.prepend(alert);
      if (seen) window.scrollBy(0, seen.getBoundingClientRect().top - top);
    }
    var link = document.createElement("a");
    link.href = "/alerts#" + alert.id;
    link.textContent = told.text;
    live.replaceChildren(link);
    live.hidden = false;
  }

  function open() {
    if (stream || document.hidden) return;
    stream = new EventSource("/alerts/stream?since=" + encodeURIComponent(since));
    stream.addEventListener("alert", put);
    stream.addEventListener("open", function () { document.documentElement.dataset.live = "yes"; });
  }

  // A browser has few connections for one site: a page that nobody looks at gives its own back.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden && stream) { stream.close(); stream = null; }
    open();
  });
  open();
})();
