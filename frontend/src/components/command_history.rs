//! The commands that were typed into a console, to be called back. Pure.

/// Commands kept at most.
const MOST: usize = 100;

/// The commands, and where in them the person is.
#[derive(Debug, Clone, Default)]
pub struct CommandHistory {
    commands: Vec<String>,
    /// How far back; 0 is the line that is being typed.
    back: usize,
    /// What was being typed before going back.
    draft: String,
}

impl CommandHistory {
    /// A command was sent.
    pub fn push(&mut self, command: &str) {
        if self.commands.last().is_none_or(|last| last != command) {
            self.commands.push(command.to_owned());
        }
        if self.commands.len() > MOST {
            self.commands.remove(0);
        }
        self.back = 0;
        self.draft.clear();
    }

    /// The command before; `typed` is what is in the line now.
    pub fn older(&mut self, typed: &str) -> Option<String> {
        if self.back == self.commands.len() {
            return None;
        }
        if self.back == 0 {
            typed.clone_into(&mut self.draft);
        }
        self.back += 1;
        self.current()
    }

    /// The command after; at last what was being typed.
    pub fn newer(&mut self) -> Option<String> {
        self.back = self.back.checked_sub(1)?;
        self.current()
    }

    fn current(&self) -> Option<String> {
        if self.back == 0 {
            return Some(self.draft.clone());
        }
        self.commands.get(self.commands.len() - self.back).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_called_back_and_the_draft_is_not_lost() {
        let mut history = CommandHistory::default();
        assert_eq!(history.older("draft"), None);
        history.push("status");
        history.push("changelevel c1m2_streets");
        history.push("changelevel c1m2_streets");
        let back = |text: &str| Some(text.to_owned());
        assert_eq!(history.older("draft"), back("changelevel c1m2_streets"));
        assert_eq!(history.older(""), back("status"));
        assert_eq!(history.older(""), None);
        assert_eq!(history.newer(), back("changelevel c1m2_streets"));
        assert_eq!(history.newer(), back("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn only_the_last_commands_are_kept() {
        let mut history = CommandHistory::default();
        for number in 0..200 {
            history.push(&number.to_string());
        }
        assert_eq!((0..200).filter(|_| history.older("").is_some()).count(), MOST);
    }
}
