import Foundation
import Testing

/// Arguments that cannot be followed, the exit status, and what the message must say.
struct Refusal: CustomTestStringConvertible {
  var arguments: [String]
  var status: Int32 = 64
  var says: [String]

  init(_ arguments: String, status: Int32 = 64, says: String...) {
    self.arguments = arguments.split(separator: " ").map(String.init)
    self.status = status
    self.says = says
  }

  var testDescription: String { arguments.joined(separator: " ") }
}

struct UsageTests {
  static let given = "--unary scores.npy --image image.png --output labels.png "
  static let bare = "--unary scores.npy --output labels.png "

  @Test(arguments: [
    Refusal("--bogus", says: "--bogus"),
    Refusal("--output labels.png", says: "--unary"),
    Refusal("--unary scores.npy --image image.png", says: "--output", "--json"),
    Refusal(given + "--iterations -1", says: "--iterations", "-1"),
    Refusal(given + "--iterations many", says: "--iterations", "many"),
    Refusal(given + "--threads 0", says: "--threads", "0"),
    Refusal(given + "--tolerance nan", says: "--tolerance"),
    Refusal(given + "--tolerance -0.1", says: "--tolerance"),
    Refusal(given + "--filter exakt", says: "--filter", "did you mean 'exact'"),
    Refusal(given + "--threshold 0.1", says: "--threshold", "--filter exact"),
    Refusal(given + "--memory 1G", says: "--memory", "--filter exact"),
    Refusal(given + "--filter exact --threshold 1", says: "--threshold", "below 1"),
    Refusal(given + "--filter exact --threshold -1e-9", says: "--threshold", "at least 0"),
    Refusal(given + "--filter exact --threshold nan", says: "--threshold"),
    Refusal(given + "--filter exact --memory 2T", says: "--memory", "2T", "512M"),
    Refusal(given + "--filter exact --memory -1", says: "--memory", "-1"),
    Refusal(given + "--filter exact --memory 99999999999G", says: "--memory"),
    Refusal(given + "--preset crf-rn", says: "--preset", "did you mean 'crf-rnn'"),
    Refusal(
      given + "--preset crf-rnn --kernel gaussian:weight=3,spatial=3", says: "--preset",
      "--kernel bilateral:weight=5,spatial=160,color=3"),
    Refusal(given + "--kernel gausian:weight=3,spatial=3", says: "did you mean 'gaussian'"),
    Refusal(given + "--kernel gaussian:weight=3,spatal=3", says: "did you mean 'spatial'"),
    Refusal(given + "--kernel gaussian:weight=abc,spatial=3", says: "--kernel", "weight", "abc"),
    Refusal(given + "--kernel gaussian:weight=inf,spatial=3", says: "weight=inf"),
    Refusal(given + "--kernel gaussian:spatial=3", says: "weight"),
    Refusal(given + "--kernel gaussian:weight=3", says: "spatial"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=0", says: "spatial=0"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=-3", says: "spatial=-3"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=nan", says: "spatial=nan"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=1e-44", says: "at least"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=3x", says: "spatial=3x"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=1x2x3", says: "3 bandwidths for 2 axes"),
    Refusal(given + "--kernel gaussian:weight=3,spatial=3,spatial=4", says: "twice"),
    Refusal(given + "--kernel features:weight=3,file=f.npy,components=0", says: "components"),
    Refusal(given + "--unary-kind scores", says: "--unary-kind", "logits"),
    Refusal(given + "--unary-kind labels", says: "--label-count"),
    Refusal(given + "--label-count 3", says: "--label-count", "--unary-kind labels"),
    // The older name.
    Refusal(given + "--labels 3", says: "--label-count"),
    Refusal(given + "--unary-kind labels --labels 3 --confidence 1", says: "--confidence"),
    Refusal(given + "--unary-kind labels --labels 3 --unknown maybe", says: "--unknown", "maybe"),
    Refusal(given + "--member a", says: "scores.npy", "member"),
    Refusal(given + "--palette pastel", says: "--palette", "voc"),
    Refusal(given + "--void 70000", says: "--void"),
    Refusal(given + "--trimap 1,2", says: "--ground-truth"),
    Refusal(given + "--trimap 0 --ground-truth truth.png", says: "--trimap"),
    Refusal(given + "--resume", says: "--resume"),
    Refusal(bare, says: "--image", "bilateral", "--kernel gaussian:weight=3,spatial=3"),
    Refusal(
      bare + "--kernel bilateral:weight=3,spatial=3,color=3", says: "--image", "colours",
      "--kernel gaussian:"),
    Refusal(
      bare + "--kernel gaussian:weight=3,spatial=3 --overlay o.png", says: "o.png", "--image"),
    Refusal("--unary scores.npy --image image.png --output labels.jpg", says: "labels.jpg", ".png"),
    Refusal("--unary scores.npy --image image.png --output image.png", says: "input"),
    Refusal("--unary scores.npy --image image.png --output ../files/image.png", says: "input"),
    Refusal(given + "--marginals ./labels.png", says: "two outputs"),
    Refusal("--unary scores.npy --image image.png --output no/l.png", status: 73, says: "no/l.png"),
    Refusal("--unary scores.npy --image image.png --output .", status: 73, says: "folder"),
    Refusal("--unary none.npy --image image.png --output l.png", status: 66, says: "none.npy"),
    Refusal("--unary scores.npy --image none.png --output l.png", status: 66, says: "none.png"),
    Refusal(given + "--ground-truth none.png", status: 66, says: "none.png"),
    Refusal(
      given + "--kernel features:weight=3,file=none.npy", status: 66, says: "none.npy"),
    Refusal(
      given + "--kernel features:weight=3,file=truth.png", status: 65, says: "truth.png"),
    Refusal(
      given + "--kernel bilateral:weight=3,spatial=5,color=0.001", status: 65,
      says: "scores.npy: the term bilateral:weight=3,spatial=5,color=0.001: point",
      "bandwidths from the origin"),
    Refusal(
      given
        + "--kernel gaussian:weight=3,spatial=3 --kernel bilateral:weight=3,spatial=5,color=1e-9",
      status: 65, says: "the term bilateral:weight=3,spatial=5,color=1e-09: "),
    Refusal(
      given + "--preset deepmedic",
      says: "the term gaussian:weight=3,spatial=3x3x3 of the model 'deepmedic': 3 bandwidths"),
    Refusal(
      bare + "--kernel gaussian:weight=3,spatial=3 --image-layout hwc", says: "--image-layout"),
    Refusal(
      "--unary image.png --image scores.npy --output l.png", status: 65,
      says: "image.png: is a picture", "look swapped"),
    Refusal(
      "--unary truth.png --image image.png --output l.png", status: 65,
      says: "truth.png: is a picture", "--unary-kind labels"),
    Refusal("--unary scores.npy --image image.png --output /dev/full", status: 74, says: "full"),
    Refusal("--unary scores.npy --image image.png --output /dev/stdout --json", says: "--json"),
  ])
  func whatCannotBeFollowedIsRefused(refusal: Refusal) throws {
    let workspace = try Workspace.sample()
    let before = try workspace.contents()
    let run = try workspace.run(refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    #expect(run.output.isEmpty)
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == before)
  }
}
