// Gives a name to what the theme leaves without one, for readers who listen to the page.
(() => {
  "use strict";
  for (const toggle of document.querySelectorAll("summary")) {
    if (!toggle.textContent.trim()) toggle.setAttribute("aria-label", "Show or hide the pages of this part");
  }
  for (const button of document.querySelectorAll(".search-button-field")) {
    button.setAttribute("aria-label", button.innerText.trim() || "Search"); // what it shows: "Search Ctrl+K"
  }
})();
