import Evaluation
import MeanField
import Pipeline

/// What learning came to.
public struct LearningOutcome: Sendable {
  /// The numbers that were learned.
  public let parameters: [LearnedParameter]
  /// The start, and then every step.
  public let curve: [Step]
  /// The place of the step that was taken: the last, or the one with the lowest loss on the images
  /// held out where they decide.
  public let taken: Int
  /// Why it ended.
  public let ending: Ending
  /// The model of the step that was taken.
  public let model: CRFModel
  /// The plan with that model.
  public let plan: Plan
  /// Evaluations of all images of a part that were made here.
  public let madeCount: Int
  /// Evaluations that the state held.
  public let foundCount: Int
  /// Bandwidths of positions that begin below what the images show, as reduced as they are.
  public let narrow: [Narrow]

  /// One step.
  public struct Step: Sendable, Equatable {
    /// Evaluations of the images learned from, up to here.
    public let evaluations: Int
    /// The numbers, in the order of the parameters.
    public let values: [Double]
    /// On the images learned from.
    public let training: Figures
    /// On the images held out; `nil` where there are none.
    public let heldOut: Figures?
  }

  /// What a CRF comes to on some images, at the points and by the sums that are learned with.
  public struct Figures: Sendable, Equatable {
    /// The mean over images; less is better.
    public let loss: Double
    /// Of the likeliest labels.
    public let confusion: ConfusionMatrix
  }

  /// A bandwidth that begins below what reduced images show.
  public struct Narrow: Sendable {
    /// Its name.
    public let name: String
    /// What it is, in points of the whole image.
    public let value: Double
    /// The least that the reduced images show.
    public let least: Double
  }

  /// Why learning ended.
  public enum Ending: String, Sendable {
    /// The gradient is 0 as far as matters, or the loss no longer falls.
    case converged
    /// All steps are made.
    case iterations
    /// The images held out were getting worse.
    case heldOut
    /// No place along the last direction has a lower loss.
    case lineSearch
  }
}
