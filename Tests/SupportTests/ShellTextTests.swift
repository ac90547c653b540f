import LatticeSupport
import Testing

struct ShellTextTests {
  @Test func wordsAreQuotedWhereAShellWouldTakeThemApart() {
    #expect("a=b,c:1.5".shellQuoted == "a=b,c:1.5")
    #expect("it's $HOME".shellQuoted == #"'it'\''s $HOME'"#)
    #expect("".shellQuoted == "''")
  }
}
