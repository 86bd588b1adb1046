/** What the console says of an execution that is to go on after an end without success. */
export const redriving = {
  title: (name: string) => `Redrive ${name}?`,
  place: "Where it goes on",
  places: { failed: "Where it failed", state: "At a state of your choice" },
  failed:
    "It goes on where it failed, with the input and the definition that it had: what failed is done again, what succeeded is not.",
  chosen:
    "It enters this state anew, with the variables that it had. Everything behind the state is done, even if it was done before, and nothing goes on of what was under way.",
  state: "State",
  chooseState: "Choose a state",
  input: "Input of the state",
  recorded: "What the state had when it was entered last.",
  never: "The state was not entered before: this is what the state had at which the execution ended.",
  cut: "What the state had is long, and only its beginning is here: enter all of it.",
  here: "Redrive from here",
};
