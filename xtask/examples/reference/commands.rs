//! The page of commands: what clap knows of each, without what is hidden.

use clap::{Arg, Command};

use super::markdown::{block, capital, code, heading, item, paragraph, table};

/// What clap adds to every command by itself.
const OF_CLAP: [&str; 2] = ["help", "version"];

/// The page. Only names, words and compiled-in defaults: no value of a variable.
pub(super) fn page() -> String {
    let mut program = roamport_cli::facts::command();
    program.build();
    let mut text = String::new();
    paragraph(&mut text, &format!("{}.", about(&program)));
    contents(&mut text, &program);
    after(&mut text, &program);
    heading(&mut text, 2, "Options of every command");
    let global: Vec<&Arg> = shown(&program).filter(|arg| arg.is_global_set()).collect();
    arguments(&mut text, &program, &global);
    paragraph(
        &mut text,
        "`-h` and `--help` explain the program or a command, `-V` and `--version` tell the release.",
    );
    for command in subcommands(&program) {
        describe(&mut text, command, 2);
    }
    text.trim_end().to_owned() + "\n"
}

/// Every command that can be typed, with a link to its section.
fn contents(text: &mut String, program: &Command) {
    let rows = leaves(program).into_iter().map(|command| {
        let name = full_name(command);
        let anchor = name.replace(' ', "-");
        vec![format!("[{}](#{anchor})", code(name)), about(command)]
    });
    let head = ["Command", "Does"].map(str::to_owned);
    table(text, head.to_vec(), rows.collect());
}

fn leaves(command: &Command) -> Vec<&Command> {
    subcommands(command)
        .flat_map(|below| {
            if subcommands(below).next().is_some() {
                leaves(below)
            } else {
                vec![below]
            }
        })
        .collect()
}

fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    let shown = |below: &&Command| !below.is_hide_set() && !OF_CLAP.contains(&below.get_name());
    command.get_subcommands().filter(shown)
}

/// The arguments of a command that are not clap's own.
fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    let shown = |arg: &&Arg| !arg.is_hide_set() && !OF_CLAP.contains(&arg.get_id().as_str());
    command.get_arguments().filter(shown)
}

fn full_name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or(command.get_name())
}

fn about(command: &Command) -> String {
    let about = command.get_about();
    about.map_or_else(String::new, ToString::to_string)
}

fn describe(text: &mut String, command: &Command, level: usize) {
    heading(text, level, &code(full_name(command)));
    paragraph(text, &format!("{}.", about(command)));
    if subcommands(command).next().is_none() {
        block(text, "text", &usage(command));
    }
    let own: Vec<&Arg> = shown(command).filter(|arg| !arg.is_global_set()).collect();
    arguments(text, command, &own);
    after(text, command);
    for below in subcommands(command) {
        describe(text, below, level + 1);
    }
}

/// How the command is typed. Options stand in the list below it.
fn usage(command: &Command) -> String {
    let mut words = vec![full_name(command).to_owned(), "[OPTIONS]".to_owned()];
    words.extend(command.get_positionals().map(|arg| {
        if arg.is_required_set() {
            arg.to_string()
        } else {
            format!("[{}]", arg.to_string().trim_matches(['<', '>', '[', ']']))
        }
    }));
    words.join(" ")
}

fn arguments(text: &mut String, command: &Command, arguments: &[&Arg]) {
    for arg in arguments {
        item(text, &code(name(arg)), &words(command, arg));
    }
    if !arguments.is_empty() {
        text.push('\n');
    }
}

fn name(arg: &Arg) -> String {
    match arg.get_short() {
        Some(short) if !arg.is_positional() => format!("-{short}, {arg}"),
        _ => arg.to_string(),
    }
}

fn words(command: &Command, arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut sentences = vec![capital(&help)];
    if arg.is_required_set() && !arg.is_positional() {
        sentences.push("Required".to_owned());
    }
    if arg.get_action().takes_values() {
        sentences.extend(choices(arg));
        let defaults = arg.get_default_values().iter();
        let defaults: Vec<String> = defaults.map(|value| code(value.display())).collect();
        if !defaults.is_empty() {
            sentences.push(format!("Default {}", defaults.join(", ")));
        }
    }
    let others: Vec<String> = excluded(command, arg).map(code).collect();
    if !others.is_empty() {
        sentences.push(format!("Not together with {}", others.join(", ")));
    }
    if let Some(variable) = arg.get_env() {
        sentences.push(format!("Variable {}", code(variable.display())));
    }
    format!("{}.", sentences.join(". "))
}

/// The arguments that cannot stand beside this one, whichever of the two says so.
fn excluded<'a>(command: &'a Command, arg: &'a Arg) -> impl Iterator<Item = &'a Arg> {
    let own = command.get_arg_conflicts_with(arg);
    shown(command).filter(move |other| {
        own.contains(other) || command.get_arg_conflicts_with(other).contains(&arg)
    })
}

/// The values that an argument takes, where they are few and fixed.
fn choices(arg: &Arg) -> Option<String> {
    let values = arg.get_possible_values();
    let values: Vec<String> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({help})", code(value.get_name())),
            None => code(value.get_name()),
        })
        .collect();
    (!values.is_empty()).then(|| format!("One of {}", values.join(", ")))
}

/// What stands behind a command's help: paragraphs, and lists of examples as blocks.
fn after(text: &mut String, command: &Command) {
    let after = command.get_after_help().map(ToString::to_string);
    for part in after.unwrap_or_default().split("\n\n") {
        match part.split_once(":\n") {
            Some((head, lines)) if lines.starts_with("  ") => {
                paragraph(text, &format!("{head}:"));
                let language = if head.starts_with("Example") {
                    "console"
                } else {
                    "text"
                };
                block(text, language, &indented(lines, language));
            }
            _ if part.trim().is_empty() => {}
            _ => paragraph(text, &part.replace('\n', " ")),
        }
    }
}

/// The lines without the blanks before them, commands behind a prompt.
fn indented(lines: &str, language: &str) -> String {
    let prompt = if language == "console" { "$ " } else { "" };
    let lines: Vec<String> = lines
        .lines()
        .map(|line| format!("{prompt}{}", line.trim_start()))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_not_hidden_has_a_section_with_its_options() {
        fn check(page: &str, command: &Command, sections: &mut usize) {
            for below in subcommands(command) {
                *sections += 1;
                assert!(
                    page.contains(&format!("# `{}`\n", full_name(below))),
                    "{below}"
                );
                for arg in shown(below) {
                    assert!(page.contains(&format!("- **`{}`**: ", name(arg))), "{arg}");
                    assert!(arg.get_help().is_some(), "{below} {arg} has no help");
                }
                check(page, below, sections);
            }
        }
        let mut program = roamport_cli::facts::command();
        program.build();
        let (page, mut sections) = (page(), 0);
        check(&page, &program, &mut sections);
        assert!(sections > 20, "{sections}");
    }

    #[test]
    fn the_value_of_a_variable_is_never_printed() {
        let arg = Arg::new("token")
            .long("token")
            .help("The token")
            .env("PATH");
        let command = Command::new("roamport").arg(arg);
        let arg = command.get_arguments().next().unwrap();
        insta::assert_snapshot!(words(&command, arg), @"The token. Variable `PATH`.");
    }

    #[test]
    fn an_argument_is_told_with_its_values_default_and_what_it_excludes() {
        let mut command = Command::new("roamport")
            .arg(
                Arg::new("sort")
                    .long("sort")
                    .short('s')
                    .value_name("BY")
                    .help("by what to sort")
                    .value_parser(["price", "days"])
                    .default_value("price")
                    .conflicts_with("limit"),
            )
            .arg(
                Arg::new("limit")
                    .long("limit")
                    .value_name("N")
                    .help("at most"),
            );
        command.build();
        let arg = command.get_arguments().next().unwrap();
        insta::assert_snapshot!(name(arg), @"-s, --sort <BY>");
        insta::assert_snapshot!(
            words(&command, arg),
            @"By what to sort. One of `price`, `days`. Default `price`. Not together with `--limit <N>`."
        );
    }

    #[test]
    fn examples_become_a_block_and_other_words_a_paragraph() {
        let command = Command::new("roamport")
            .after_help("Two lines\nof words.\n\nExamples:\n  roamport balance\n  roamport buy x");
        let mut text = String::new();
        after(&mut text, &command);
        insta::assert_snapshot!(text, @r"
        Two lines of words.

        Examples:

        ```console
        $ roamport balance
        $ roamport buy x
        ```
        ");
    }
}
