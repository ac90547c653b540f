import LatticeSupport
import Testing
import ToolSupport

/// What libraries propose, as options of the programs.
struct RemedyWordingTests {
  @Test(
    "settings are options with their values",
    arguments: [
      (.scoreKind(.logits), "--unary-kind logits"), (.layout(.channelsFirst), "--layout chw"),
      (.layout(.channelsLast), "--layout hwc"), (.imageLayout(.channelsLast), "--image-layout hwc"),
      (.normalizeScores, "--normalize-scores"),
      (.singleChannel, "--binary"), (.labelMapping("255:1"), "--label-map 255:1"),
      (.imageRange(0, 4095), "--image-range 0:4095"), (.orientation(.apply), "--orientation apply"),
      (.chosen(.member), "--member NAME"), (.chosen(.classes), "--classes N"),
      (.tiles(2048), "--tile 2048"), (.state("model_ema"), "--state model_ema"),
    ] as [(Remedy.Setting, String)])
  func settings(_ setting: Remedy.Setting, _ text: String) {
    #expect(RemedyWording.commandLine().text(for: [setting]) == text)
    #expect(text.hasPrefix(RemedyWording.commandLine().name(setting.parameter)))
  }

  @Test("settings that go together are options in a row; a program has exceptions")
  func together() {
    let remedy: Remedy = """
      add \(set: .scoreKind(.probabilities), .normalizeScores), or \(set: .scoreKind(.labels))
      """
    #expect(
      remedy.text(in: .commandLine())
        == "add --unary-kind probabilities --normalize-scores, or --unary-kind labels")
    #expect(
      remedy.text(in: .commandLine([.scoreKind(.labels): "--predictions"]))
        == "add --unary-kind probabilities --normalize-scores, or --predictions")
  }

  @Test("every parameter is an option")
  func names() {
    for parameter in Remedy.Parameter.allCases {
      #expect(RemedyWording.commandLine().name(parameter).hasPrefix("--"))
    }
  }
}
