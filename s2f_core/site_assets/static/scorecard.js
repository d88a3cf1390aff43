// Makes the scorecard sortable and searchable with DataTables, and ties the select boxes, tiles and search field to it.
(async () => {
  "use strict";

  const COLUMNS = {verdict: 1, tier: 2};
  const {default: DataTable} = await window.s2fDataTables;

  // Rows without a number come last in both directions.
  const emptyLast = (direction) => (a, b) =>
    a === "" || b === "" ? (a === "") - (b === "") : direction * (a - b);
  DataTable.type("measured", {order: {asc: emptyLast(1), desc: emptyLast(-1)}});

  const table = new DataTable("#scorecard-table", {
    autoWidth: false,
    columnDefs: [{targets: [3, 4, 5, 6], type: "measured"}],
    language: {
      info: "_START_ to _END_ of _TOTAL_ rows",
      infoEmpty: "no rows",
      infoFiltered: "(_MAX_ in all)",
      lengthMenu: "_MENU_ per page",
      zeroRecords: "No row matches.",
    },
    layout: {topStart: "info", topEnd: "pageLength", bottomStart: null, bottomEnd: "paging"},
    lengthMenu: [25, 50, 100, {label: "all", value: -1}],
    order: [],
    pageLength: 25,
  });

  const form = document.getElementById("scorecard-filters");
  const tiles = [...document.querySelectorAll(".s2f-tile")];

  const apply = () => {
    for (const [name, column] of Object.entries(COLUMNS)) table.column(column).search(form.elements[name].value, {exact: true});
    table.search(form.elements.search.value).draw();
    for (const tile of tiles) tile.setAttribute("aria-pressed", form.elements[tile.dataset.filter].value === tile.dataset.value);
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply)); // the fields are emptied after this event
  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      const select = form.elements[tile.dataset.filter];
      select.value = select.value === tile.dataset.value ? "" : tile.dataset.value;
      apply();
    });
  }
  apply(); // a browser that goes back restores the fields
})();
