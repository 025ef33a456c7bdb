// Without this the page shows what was there when it was loaded.
const live = new EventSource("/tester/live");
live.addEventListener("error", () => live.close());
